// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/client.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/span.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace micromegas::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;

// The Authorization header is in the request's fields: they are overwritten when they go.
using Request = beast::http::request<beast::http::span_body<const char>,
                                     beast::http::basic_fields<WipingAllocator<char>>>;
using Parser = beast::http::response_parser<beast::http::buffer_body>;

constexpr int kMaxInterimAnswers = 8;

struct Connection {
  explicit Connection(asio::io_context& context) : socket(context), idle_timer(context) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Opened by hand: Asio's would be inherited by programs that the host starts.
  ErrorCode open(const Tcp& protocol) {
    close();
    const int fd = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd == -1) return {errno, boost::system::system_category()};
    ErrorCode error;
    socket.assign(protocol, fd, error);
    if (error) {
      ::close(fd);
      return error;
    }
    ErrorCode ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    return error;
  }

  void close() noexcept {
    ErrorCode ignored;
    // A forked child may hold the socket too: close alone would not tell the server.
    if (socket.is_open()) socket.shutdown(Tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
  }

  Tcp::socket socket;
  asio::steady_timer idle_timer;
  beast::flat_buffer buffer;
  std::uint64_t idle_period = 0;  // odd while idle; tells late handlers from their own period
};
using ConnectionPtr = std::shared_ptr<Connection>;

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

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
      if (connection->socket.is_open()) return connection;
    }
    return nullptr;
  }

  void keep(ConnectionPtr connection) {
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
  Exchange(Impl& client, std::string_view path, std::shared_ptr<const std::string> body,
           std::function<void(Outcome)> done)
      : client_(client),
        body_(std::move(body)),
        done_(std::move(done)),
        timer_(client.loop.context()) {
    namespace bh = beast::http;
    request_.method(bh::verb::post);
    request_.version(11);
    request_.target(client.options.endpoint.prefix + std::string(path));
    request_.set(bh::field::host, client.authority);
    request_.set(bh::field::user_agent, client.options.user_agent);
    request_.set(bh::field::content_type, "application/cbor");
    request_.content_length(body_->size());
    if (client.options.credential) {
      const std::string_view value = client.options.credential->authorization();
      if (!value.empty()) {
        request_.set(bh::field::authorization, beast::string_view(value.data(), value.size()));
      }
    }
    request_.body() = beast::span<const char>(body_->data(), body_->size());
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
    const std::uint16_t port = client_.options.endpoint.port;
    for (const std::string& text : resolution.addresses) {
      ErrorCode error;
      const auto address = asio::ip::make_address(text, error);
      if (!error) addresses_.emplace_back(address, port);
    }
    if (addresses_.empty()) {
      return fail(Outcome::Kind::kUnreachable,
                  resolution.error.empty() ? "the host has no usable address" : resolution.error);
    }
    connect();
  }

 private:
  void open() {
    reused_ = false;
    addresses_.clear();
    next_address_ = 0;
    client_.resolve(shared_from_this());
  }

  void connect() {
    auto connection = std::make_shared<Connection>(client_.loop.context());
    std::erase_if(client_.opened, [](const auto& other) { return other.expired(); });
    client_.opened.push_back(connection);
    const Tcp::endpoint& address = addresses_[next_address_++];
    connection_ = connection;
    if (const ErrorCode error = connection->open(address.protocol())) return not_connected(error);
    connection->socket.async_connect(
        address, [self = shared_from_this(), connection](const ErrorCode& error) {
          if (self->finished_) return;
          if (error) return self->not_connected(error);
          self->use(connection);
        });
  }

  void not_connected(const ErrorCode& error) {
    if (next_address_ < addresses_.size()) return connect();
    fail(Outcome::Kind::kUnreachable, error.message());
  }

  // Sends and listens at once: a server may refuse a body before it has read it.
  void use(ConnectionPtr connection) {
    connection_ = std::move(connection);
    written_ = false;
    write_failed_ = false;
    connection_->buffer.clear();
    beast::http::async_write(
        connection_->socket, request_,
        [self = shared_from_this(), on = connection_](const ErrorCode& error, std::size_t) {
          if (self->finished_ || on != self->connection_) return;
          self->on_written(error);
        });
    read_head();
  }

  void on_written(const ErrorCode& error) {
    // An error here is not the end: an answer may be on its way, and reading ends soon.
    (error ? write_failed_ : written_) = true;
    if (head_waits_) on_head();
  }

  void read_head() {
    head_waits_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(client_.options.max_head_bytes));
    parser_->body_limit(boost::none);  // read_body() counts
    beast::http::async_read_header(
        connection_->socket, connection_->buffer, *parser_,
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
    fail(Outcome::Kind::kBroken, error.message());
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
    sink.data = thrown_away_.data();
    sink.size = thrown_away_.size();
    beast::http::async_read(
        connection_->socket, connection_->buffer, *parser_,
        [self = shared_from_this(), on = connection_](const ErrorCode& error, std::size_t) {
          if (self->finished_ || on != self->connection_) return;
          self->body_bytes_ += self->thrown_away_.size() - self->parser_->get().body().size;
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
    outcome.retry_after = parse_retry_after({retry_after.data(), retry_after.size()});
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
    timer_.cancel();
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
  std::shared_ptr<const std::string> body_;
  std::function<void(Outcome)> done_;
  asio::steady_timer timer_;
  Request request_;
  std::optional<Parser> parser_;
  ConnectionPtr connection_;
  std::vector<Tcp::endpoint> addresses_;
  std::size_t next_address_ = 0;
  std::array<char, 4096> thrown_away_;
  std::size_t body_bytes_ = 0;
  int interim_answers_ = 0;
  bool reused_ = false;
  bool written_ = false;  // the whole request has left
  bool write_failed_ = false;
  bool head_waits_ = false;  // a 2xx came before either
  bool answered_ = false;    // only the rest of an answer's body is missing
  bool finished_ = false;
};

void Client::Impl::resolve(const std::shared_ptr<Exchange>& exchange) {
  unresolved.push_back(exchange);
  resolver.resolve(options.endpoint.host, [this, weak = weak_from_this()](Resolution resolution) {
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
  auto exchange = std::make_shared<Impl::Exchange>(*impl_, path, std::move(body), std::move(done));
  asio::post(impl_->loop.context(), [exchange] { exchange->begin(); });
}

bool Client::stop_resolver(std::chrono::steady_clock::time_point deadline) {
  return impl_->resolver.stop(deadline);
}

}  // namespace micromegas::http
