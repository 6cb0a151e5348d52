// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/client.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/span.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "micromegas/transport/http/connection.h"
#include "micromegas/transport/http/dialer.h"
#include "micromegas/transport/http/retry_after.h"
#include "micromegas/transport/http/tunnel.h"

namespace micromegas::http {
namespace {

namespace beast = boost::beast;

// Beast makes its table of fields when it is first asked for one. A fork() in another thread just
// then would leave that half done in the child for ever: so it is made before main().
[[maybe_unused]] const std::size_t kFieldTableMade =
    beast::http::to_string(beast::http::field::accept).size();

// The Authorization header is in the request's fields: they are overwritten when they go.
using Request = beast::http::request<beast::http::span_body<const char>,
                                     beast::http::basic_fields<WipingAllocator<char>>>;
using Parser = beast::http::response_parser<beast::http::buffer_body>;

constexpr int kMaxInterimAnswers = 8;

}  // namespace

struct Client::Impl : std::enable_shared_from_this<Client::Impl> {
  class Exchange;

  Impl(Loop& l, ClientOptions o) : loop(l), options(std::move(o)), resolver(options.look_up) {
    authority = options.endpoint.authority();
  }

  ConnectionPtr take_idle() {
    while (!idle.empty()) {
      ConnectionPtr connection = std::move(idle.back());
      idle.pop_back();
      ++connection->idle_period;
      ErrorCode ignored;
      connection->idle_timer.cancel();
      connection->socket.cancel(ignored);
      if (connection->socket.is_open() && !is_too_old(*connection)) return connection;
    }
    return nullptr;
  }

  [[nodiscard]] bool is_too_old(const Connection& connection) const {
    return std::chrono::steady_clock::now() - connection.opened_at > options.max_connection_age;
  }

  void keep(ConnectionPtr connection) {
    if (is_too_old(*connection)) return connection->close();
    const std::uint64_t period = ++connection->idle_period;
    const auto drop = [this, self = shared_from_this(), connection, period](const ErrorCode&) {
      if (connection->idle_period != period) return;
      ++connection->idle_period;
      connection->idle_timer.cancel();
      connection->close();
      std::erase(idle, connection);
    };
    // Readable while idle: the server has closed it, or says what nobody asked.
    connection->socket.async_wait(Tcp::socket::wait_read, drop);
    connection->idle_timer.expires_after(options.idle_timeout);
    connection->idle_timer.async_wait(drop);
    idle.push_back(std::move(connection));
  }

  void resolve(const std::shared_ptr<Exchange>& exchange);
  void on_resolved(const Resolution& resolution);

  Loop& loop;
  ClientOptions options;
  std::string authority;
  Resolver resolver;
  std::vector<ConnectionPtr> idle;
  std::vector<std::shared_ptr<Exchange>> unresolved;
  std::vector<std::weak_ptr<Connection>> opened;
};

// One request, from post() to its outcome.
class Client::Impl::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Impl& client, std::string_view path, std::string_view body,
           std::shared_ptr<const void> owner, std::function<void(Outcome)> done)
      : client_(client),
        body_owner_(std::move(owner)),
        done_(std::move(done)),
        timer_(client.loop.context()) {
    namespace bh = beast::http;
    request_.method(bh::verb::post);
    request_.version(11);
    const Endpoint& endpoint = client.options.endpoint;
    const bool absolute = client.options.proxy && !endpoint.tls;
    request_.target((absolute ? endpoint.to_string() : endpoint.prefix) + std::string(path));
    request_.set(bh::field::host, client.authority);
    request_.set(bh::field::user_agent, client.options.user_agent);
    request_.set(bh::field::content_type, client.options.content_type);
    request_.content_length(body.size());
    const auto set_secret = [this](bh::field field, std::string_view value) {
      if (!value.empty()) request_.set(field, beast::string_view(value.data(), value.size()));
    };
    if (client.options.credential) {
      set_secret(bh::field::authorization, client.options.credential->authorization());
    }
    if (absolute) {
      set_secret(bh::field::proxy_authorization, client.options.proxy->authorization.reveal());
    }
    request_.body() = beast::span<const char>(body.data(), body.size());
  }

  void begin() {
    timer_.expires_after(client_.options.request_timeout);
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (!error) self->fail(Outcome::Kind::kTimeout, "no answer in time");
    });
    if (ConnectionPtr kept = client_.take_idle()) {
      reused_ = true;
      use(std::move(kept));
    } else {
      open();
    }
  }

  void on_resolved(const Resolution& resolution) {
    if (finished_) return;
    const auto& options = client_.options;
    // Weak: each would hold the other if the client ended meanwhile. The timer holds this one.
    dialer_ = std::make_shared<Dialer>(
        client_.loop.context(), client_.opened,
        [weak = weak_from_this()](const ConnectionPtr& connection, const ErrorCode& error) {
          const auto self = weak.lock();
          if (self == nullptr || self->finished_) return;
          self->dialer_.reset();
          if (!connection) return self->fail(Outcome::Kind::kUnreachable, error.message());
          self->on_connected(connection);
        });
    const auto dialer = dialer_;  // it may have failed before start() returns
    if (!dialer->start(resolution.addresses,
                       options.proxy ? options.proxy->port : options.endpoint.port)) {
      fail(Outcome::Kind::kUnreachable,
           resolution.error.empty() ? "the host has no usable address" : resolution.error);
    }
  }

 private:
  void open() {
    reused_ = false;
    client_.resolve(shared_from_this());
  }

  void on_connected(const ConnectionPtr& connection) {
    const auto& options = client_.options;
    connection_ = connection;
    if (!options.endpoint.tls) return use(connection);
    if (!options.proxy) return shake_hands();
    open_tunnel(connection, *options.proxy, options.endpoint, options.max_head_bytes,
                [self = shared_from_this()](const std::string& why_not) {
                  if (self->finished_) return;
                  if (!why_not.empty()) return self->fail(Outcome::Kind::kUnreachable, why_not);
                  self->shake_hands();
                });
  }

  void shake_hands() {
    const auto& options = client_.options;
    connection_->tls =
        options.tls ? options.tls->wrap(connection_->socket, options.endpoint.host) : nullptr;
    if (!connection_->tls) return fail(Outcome::Kind::kUnreachable, "TLS cannot be set up");
    connection_->tls->async_handshake(
        asio::ssl::stream_base::client,
        [self = shared_from_this(), on = connection_](const ErrorCode& error) {
          if (self->finished_) return;
          if (error) return self->fail(Outcome::Kind::kUnreachable, self->describe(error));
          self->use(on);
        });
  }

  std::string describe(const ErrorCode& error) {
    return connection_->tls
               ? describe_tls_error(error, *connection_->tls, client_.options.endpoint.host)
               : error.message();
  }

  // Sends and listens at once: a server may refuse a body before it has read it.
  void use(ConnectionPtr connection) {
    connection_ = std::move(connection);
    began_ = true;
    written_ = false;
    write_failed_ = false;
    connection_->buffer.clear();
    beast::http::async_write(
        *connection_, request_,
        [self = shared_from_this(), on = connection_](const ErrorCode& error, std::size_t) {
          if (self->finished_ || on != self->connection_) return;
          self->on_written(error);
        });
    read_head();
  }

  void on_written(const ErrorCode& error) {
    // An error here is not the end: an answer may be on its way, and reading ends soon.
    (error ? write_failed_ : written_) = true;
    if (!error) written_once_ = true;
    if (head_waits_) on_head();
  }

  void read_head() {
    head_waits_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(client_.options.max_head_bytes));
    parser_->body_limit(boost::none);  // read_body() counts
    beast::http::async_read_header(
        *connection_, connection_->buffer, *parser_,
        [self = shared_from_this(), on = connection_](const ErrorCode& error, std::size_t) {
          if (self->finished_ || on != self->connection_) return;
          if (error) return self->no_head(error);
          self->on_head();
        });
  }

  void no_head(const ErrorCode& error) {
    const bool nothing_came = !parser_->got_some() && connection_->buffer.size() == 0;
    if (reused_ && nothing_came) {
      connection_->close();
      connection_.reset();
      return open();
    }
    // By TLS 1.3, a server that refuses our certificate says so only now.
    fail(nothing_came && is_tls_error(error) && error != asio::ssl::error::stream_truncated
             ? Outcome::Kind::kUnreachable
             : Outcome::Kind::kBroken,
         describe(error));
  }

  void on_head() {
    const unsigned status = parser_->get().result_int();
    if (status < 200 && status != 101) {
      if (++interim_answers_ > kMaxInterimAnswers) {
        return fail(Outcome::Kind::kBroken, "too many interim answers");
      }
      return read_head();
    }
    // Success can only be said of a whole body.
    if (!written_ && status / 100 == 2) {
      if (write_failed_) {
        return fail(Outcome::Kind::kBroken, "the server answered before it had everything");
      }
      head_waits_ = true;
      return;
    }
    if (parser_->is_done() || !written_) return finish_answered(written_ && parser_->is_done());
    // The body tells nothing, but the connection can be used again once it has been read. Whatever
    // happens to it, the answer is in the head.
    answered_ = true;
    read_body();
  }

  void read_body() {
    auto& sink = parser_->get().body();
    sink.data = chunk_.data();
    sink.size = chunk_.size();
    beast::http::async_read(
        *connection_, connection_->buffer, *parser_,
        [self = shared_from_this(), on = connection_](const ErrorCode& error, std::size_t) {
          if (self->finished_ || on != self->connection_) return;
          const std::size_t bytes = self->chunk_.size() - self->parser_->get().body().size;
          self->body_bytes_ += bytes;
          if (self->client_.options.keep_body) self->answer_.append({self->chunk_.data(), bytes});
          const bool more = error == beast::http::error::need_buffer;
          if (more && self->body_bytes_ <= self->client_.options.max_body_bytes) {
            return self->read_body();
          }
          self->finish_answered(!error && self->parser_->is_done());
        });
  }

  void finish_answered(bool complete) {
    Outcome outcome;
    outcome.kind = Outcome::Kind::kAnswered;
    const auto& answer = parser_->get();
    outcome.status = answer.result_int();
    const auto retry_after = answer[beast::http::field::retry_after];
    const auto date = answer[beast::http::field::date];
    outcome.retry_after =
        parse_retry_after({retry_after.data(), retry_after.size()}, {date.data(), date.size()},
                          std::chrono::system_clock::now());
    if (complete) outcome.body = std::move(answer_);
    const bool reusable = complete && parser_->keep_alive() && connection_->buffer.size() == 0;
    finish(std::move(outcome), reusable);
  }

  void fail(Outcome::Kind kind, std::string why) {
    if (finished_) return;
    if (answered_) return finish_answered(false);
    Outcome outcome;
    outcome.kind = kind;
    outcome.error = std::move(why);
    finish(std::move(outcome), false);
  }

  void finish(Outcome outcome, bool reusable) {
    finished_ = true;
    outcome.sent_some = began_;
    outcome.sent_whole = written_once_;
    timer_.cancel();
    if (const auto dialer = std::move(dialer_)) dialer->cancel();
    if (client_.options.keep_body) explicit_bzero(chunk_.data(), chunk_.size());
    std::erase_if(client_.unresolved, [this](const auto& other) { return other.get() == this; });
    if (connection_) {
      if (reusable) {
        client_.keep(std::move(connection_));
      } else {
        connection_->close();
      }
      connection_.reset();
    }
    const auto done = std::move(done_);
    done(std::move(outcome));
  }

  Impl& client_;
  std::shared_ptr<const void> body_owner_;
  std::function<void(Outcome)> done_;
  asio::steady_timer timer_;
  Request request_;
  std::optional<Parser> parser_;
  ConnectionPtr connection_;
  std::shared_ptr<Dialer> dialer_;
  std::array<char, 4096> chunk_;
  std::size_t body_bytes_ = 0;
  Secret answer_;
  int interim_answers_ = 0;
  bool reused_ = false;
  bool began_ = false;         // to write the request
  bool written_ = false;       // the whole request has left
  bool written_once_ = false;  // also on a connection before: the server may have stored it
  bool write_failed_ = false;
  bool head_waits_ = false;  // a 2xx came before either
  bool answered_ = false;    // only the rest of an answer's body is missing
  bool finished_ = false;
};

void Client::Impl::resolve(const std::shared_ptr<Exchange>& exchange) {
  unresolved.push_back(exchange);
  const std::string& host = options.proxy ? options.proxy->host : options.endpoint.host;
  resolver.resolve(host, [this, weak = weak_from_this()](Resolution resolution) {
    loop.post([weak, resolution = std::move(resolution)] {
      if (const auto self = weak.lock()) self->on_resolved(resolution);
    });
  });
}

void Client::Impl::on_resolved(const Resolution& resolution) {
  const auto waiting = std::exchange(unresolved, {});
  for (const auto& exchange : waiting) exchange->on_resolved(resolution);
}

Client::Client(Loop& loop, ClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

Client::~Client() {
  impl_->resolver.stop(std::chrono::steady_clock::now());
  for (const auto& weak : impl_->opened) {
    if (const auto connection = weak.lock()) connection->close();
  }
  // Each holds the other.
  impl_->idle.clear();
  impl_->unresolved.clear();
}

void Client::post(std::string_view path, std::shared_ptr<const std::string> body,
                  std::function<void(Outcome)> done) {
  const std::string_view bytes = *body;
  post(path, bytes, std::move(body), std::move(done));
}

void Client::post(std::string_view path, std::string_view body, std::shared_ptr<const void> owner,
                  std::function<void(Outcome)> done) {
  auto exchange =
      std::make_shared<Impl::Exchange>(*impl_, path, body, std::move(owner), std::move(done));
  asio::post(impl_->loop.context(), [exchange] { exchange->begin(); });
}

bool Client::stop_resolver(std::chrono::steady_clock::time_point deadline) {
  return impl_->resolver.stop(deadline);
}

}  // namespace micromegas::http
