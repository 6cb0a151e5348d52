// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/verify_mode.hpp>
#include <string_view>

#include "micromegas/transport/http/tls_context.h"

namespace micromegas::http {
namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

constexpr char kCa[] = "ca_file (MICROMEGAS_TELEMETRY_CA_FILE)";
constexpr char kCertificate[] =
    "client_certificate_file (MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE)";
constexpr char kKey[] = "client_key_file (MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE)";

// exit() drains through an exit handler that may be older than OpenSSL's own: so OpenSSL must not
// clean up by one, unless the host has made it do so.
void start_openssl() { OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr); }

Error wrong_file(const char* option, const std::string& file, const ErrorCode& error,
                 const char* remedy) {
  return Error(std::string(option) + " = \"" + file + "\": " + error.message() + "; " + remedy);
}

// A name may be given with the dot of the root, which no certificate has.
std::string without_final_dot(const std::string& host) {
  return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

bool is_address(const std::string& host) {
  ErrorCode error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

TlsContext::TlsContext() : context_((start_openssl(), ssl::context::tls_client)) {
  SSL_CTX* const native = context_.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // Answers may hold tokens: what has been read is overwritten.
  SSL_CTX_set_options(native, SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(native, kHttp11, sizeof(kHttp11));
  context_.set_verify_mode(ssl::verify_peer);
}

std::unique_ptr<TlsStream> TlsContext::wrap(boost::asio::ip::tcp::socket& socket,
                                            const std::string& host) const {
  auto stream = std::make_unique<TlsStream>(socket, context_);
  SSL* const native = stream->native_handle();
  const std::string name = without_final_dot(host);
  bool ready = true;
  if (is_address(name)) {
    ready = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), name.c_str()) == 1;
  } else {
    SSL_set_hostflags(native, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ready = SSL_set1_host(native, name.c_str()) == 1 &&
            SSL_set_tlsext_host_name(native, name.c_str()) == 1;
  }
  // Without it the name would not be checked.
  if (!ready) return nullptr;
  return stream;
}

Result<std::shared_ptr<const TlsContext>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_shared<TlsContext>();
  ErrorCode error;
  if (options.ca_file.empty() || options.system_roots_too) {
    context->native().set_default_verify_paths(error);
    if (error) {
      return Error("the system's certificates cannot be read: " + error.message() +
                   "; install them (ca-certificates) or give " + kCa);
    }
  }
  if (!options.ca_file.empty()) {
    context->native().load_verify_file(options.ca_file, error);
    if (error) {
      return wrong_file(kCa, options.ca_file, error, "must be a readable PEM file of certificates");
    }
  }
  if (options.certificate_file.empty()) {
    if (!options.key_file.empty()) {
      return Error(std::string(kKey) + " is given without " + kCertificate + ": give both");
    }
    return std::shared_ptr<const TlsContext>(std::move(context));
  }
  context->native().use_certificate_chain_file(options.certificate_file, error);
  if (error) {
    return wrong_file(kCertificate, options.certificate_file, error,
                      "must be a readable PEM file of the client's certificate and its chain");
  }
  // Nobody is there to type a pass phrase: OpenSSL would ask on the terminal.
  context->native().set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
  context->native().use_private_key_file(key, ssl::context::pem, error);
  if (error) {
    return wrong_file(kKey, key, error,
                      "must be a readable PEM file of the certificate's private key, without a "
                      "pass phrase");
  }
  return std::shared_ptr<const TlsContext>(std::move(context));
}

bool is_tls_error(const ErrorCode& error) {
  return error.category() == boost::asio::error::get_ssl_category() ||
         error.category() == ssl::error::get_stream_category();
}

std::string describe_tls_error(const ErrorCode& error, TlsStream& stream, const std::string& host) {
  if (error == ssl::error::stream_truncated) return "the server ended the TLS connection";
  if (error.category() != boost::asio::error::get_ssl_category()) return error.message();

  const long verified = SSL_get_verify_result(stream.native_handle());
  const std::string reason = X509_verify_cert_error_string(verified);
  switch (verified) {
    case X509_V_OK:
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is not for " + host + ": correct the host in the url";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "the server's certificate is signed by nobody known here (" + reason +
             "): name the file of its CA with " + kCa;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not yet valid: look at this machine's clock";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has expired: renew it there";
    default:
      return "the server's certificate is not accepted: " + reason;
  }
  const auto code = static_cast<unsigned long>(error.value());
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "the server does not speak TLS on this port: correct the url's scheme or port";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the server refused us in the TLS handshake (" + error.message() +
             "): it may want a client certificate that it knows: " + kCertificate;
    default:
      return "TLS: " + error.message();
  }
}

}  // namespace micromegas::http
