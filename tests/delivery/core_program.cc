// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program with a secret: core_program WHAT URL CA_FILE SECRET_FILE [ENDPOINT]. WHAT the secret
// is:
//
//   key       its API key
//   client    its OpenID Connect client secret, for the token endpoint ENDPOINT
//   provider  what its own provider of credentials gives
//   proxy     the password of the proxy ENDPOINT, host:port
//   failed    an API key; a client secret too. Telemetry cannot be started
//
// It leaves none of its own copies behind, says "ready" when it has something under way, and waits
// for its end. Its core goes to its folder.

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "micromegas/credential_provider.h"
#include "micromegas/telemetry.h"

namespace {

using namespace std::chrono_literals;

std::string_view what;
const char* file = "";

void append_secret(std::string& out) {
  std::array<char, 256> bytes{};
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  close(fd);
  out.append(bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  explicit_bzero(bytes.data(), bytes.size());
}
std::string read_secret(std::string text = {}) {
  text.reserve(256);  // in one piece
  append_secret(text);
  return text;
}

struct Provider final : micromegas::CredentialProvider {
  Answer fetch() override { return Answer::credential(secret_authorization()); }
  // As short as it is: moved, it would leave a copy.
  static std::string secret_authorization() {
    std::string text;
    append_secret(text);
    return text;
  }
};

// The environment of the program itself is not ours to clean.
void set_proxy(const char* endpoint) {
  std::string url = read_secret("http://user:");
  url.append("@").append(endpoint);
  setenv("http_proxy", url.c_str(), 1);
  explicit_bzero(url.data(), url.size());
}
void forget_proxy() {
  char* const url = getenv("http_proxy");
  explicit_bzero(url, strlen(url));
  unsetenv("http_proxy");
}

// Made where it is used: who moves a short string leaves it where it was.
micromegas::Result<micromegas::TelemetryGuard> start(char** argv) {
  const bool failed = what == "failed";
  return micromegas::init_telemetry({
      .url = argv[2],
      .api_key = what == "key" || failed ? Provider::secret_authorization() : "",
      .oidc_token_endpoint = what == "client" ? argv[5] : "",
      .oidc_client_id = what == "client" ? "core_program" : "",
      .oidc_client_secret = what == "client" || failed ? Provider::secret_authorization() : "",
      .credential_provider = what == "provider" ? std::make_shared<Provider>() : nullptr,
      .ca_file = argv[3],
      .console = false,
      .queue_bytes = failed ? std::size_t{1} : std::size_t{64} << 20,
      .flush_period = 1ms,
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  what = argv[1];
  file = argv[4];
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_CORE, &unlimited);
  if (what == "proxy") set_proxy(argv[5]);
  auto telemetry = start(argv);
  if (what == "proxy") forget_proxy();
  if (!telemetry && what != "failed") {
    std::printf("%s\n", telemetry.error().message().c_str());
    return 2;
  }
  const std::string in_the_core =
      "what the test looks for to know that it can " + std::string("find");
  MM_INFO("hello");
  std::printf("ready\n");
  std::fflush(stdout);
  pause();
  std::printf("%s\n", in_the_core.c_str());
  return 0;
}
