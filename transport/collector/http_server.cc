// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/http_server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "micromegas/platform/thread.h"

namespace micromegas::collector {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;
using tcp = net::ip::tcp;

constexpr std::size_t kPieceBytes = 64 * 1024;
// A refused request with a body up to this size is read, so that its connection can be kept.
constexpr std::size_t kDrainBytes = 64 * 1024;
// How long a closed connection is still read, so that its peer sees the answer and not a reset.
constexpr milliseconds kLingerTime{1'000};
constexpr milliseconds kStopTime{1'000};

std::string_view to_std(boost::beast::string_view text) { return {text.data(), text.size()}; }

// What all connections share; touched by the server's thread only.
struct Shared {
  const HttpLimits limits;
  HttpHandler& handler;
  std::size_t body_bytes = 0;  // held by all requests being received
};

// One connection. A state machine of callbacks: wait -> header -> body -> answer -> wait.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, Shared& shared, std::function<void()> on_end)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        shared_(shared),
        buffer_(std::max(kPieceBytes, shared.limits.max_header_bytes + 1024)),
        on_end_(std::move(on_end)) {}

  ~Session() { release_body(); }

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    wait_for_request();
  }

  // Over the limit of connections: one answer, no question read.
  void refuse_connection() { respond({503, "too many connections", {}}, 11, false); }

  void stop() {
    stopping_ = true;
    if (writing_) {
      arm(kStopTime);
    } else {
      close();
    }
  }

 private:
  using Parser = http::request_parser<http::buffer_body>;

  void arm(milliseconds time) {
    timer_.expires_after(time);
    timed_out_ = false;
    timer_.async_wait([self = shared_from_this(), generation = ++generation_](error_code ec) {
      if (ec || generation != self->generation_) return;
      self->timed_out_ = true;
      error_code ignored;
      self->socket_.cancel(ignored);
    });
  }

  void disarm() {
    ++generation_;
    timer_.cancel();
  }

  void wait_for_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.max_header_bytes));
    parser_->body_limit(shared_.limits.max_body_bytes);
    if (buffer_.size() > 0) return read_header();  // pipelined
    arm(shared_.limits.idle_timeout);
    socket_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](error_code ec, std::size_t n) {
                              if (ec) return self->close();  // idle for too long, or gone
                              self->buffer_.commit(n);
                              self->read_header();
                            });
  }

  void read_header() {
    arm(shared_.limits.header_timeout);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](error_code ec, std::size_t) {
                              ec ? self->on_read_error(ec, "header") : self->on_header();
                            });
  }

  HttpHead head() const {
    const auto& request = parser_->get();
    const std::string_view target = to_std(request.target());
    return {.method = to_std(request.method_string()),
            .path = target.substr(0, target.find('?')),
            .authorization = to_std(request[http::field::authorization]),
            .user_agent = to_std(request[http::field::user_agent])};
  }

  void on_header() {
    const auto length = parser_->content_length();
    refusal_ = shared_.handler.check(head());
    if (!refusal_ && length && *length > shared_.limits.max_body_bytes) refusal_ = too_large();
    if (refusal_ && !(parser_->is_done() || (length && *length <= kDrainBytes))) {
      return refuse(*refusal_);
    }
    if (parser_->is_done()) return on_request();
    const bool expects = boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
    if (!expects) return start_body();
    if (refusal_) return refuse(*refusal_);
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    arm(shared_.limits.write_timeout);
    net::async_write(socket_, net::buffer(kContinue),
                     [self = shared_from_this()](error_code ec, std::size_t) {
                       ec ? self->close() : self->start_body();
                     });
  }

  void start_body() {
    arm(shared_.limits.body_timeout);
    read_body();
  }

  // Memory follows what has arrived, never what a header promises.
  void read_body() {
    const std::size_t held = body_.size();
    std::size_t want = kPieceBytes;
    if (const auto left = parser_->content_length_remaining()) {
      want = std::max<std::size_t>(1, std::min<std::uint64_t>(want, *left));
    }
    if (body_.capacity() < held + want) {
      std::size_t room = std::max(held + want, 2 * body_.capacity());
      if (const auto left = parser_->content_length_remaining()) {
        room = std::min<std::uint64_t>(room, std::max<std::uint64_t>(held + want, held + *left));
      }
      const std::size_t others = shared_.body_bytes - charged_;
      if (others + room > shared_.limits.max_total_body_bytes) {
        return refuse({503, "too many bytes are being received, try again", {}});
      }
      body_.reserve(room);
      shared_.body_bytes = others + room;
      charged_ = room;
    }
    body_.resize(held + want);
    auto& piece = parser_->get().body();
    piece.data = body_.data() + held;
    piece.size = want;
    piece.more = true;
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code ec, std::size_t) {
                       if (ec == http::error::need_buffer) ec = {};
                       if (ec) return self->on_read_error(ec, "body");
                       const std::size_t unused = self->parser_->get().body().size;
                       self->body_.resize(self->body_.size() - unused);
                       self->parser_->is_done() ? self->on_request() : self->read_body();
                     });
  }

  void on_request() {
    disarm();
    if (refusal_) {
      shared_.handler.on_refused(refusal_->status, refusal_->text);
      release_body();
      return respond(*std::exchange(refusal_, std::nullopt), parser_->get().version(),
                     parser_->get().keep_alive());
    }
    const unsigned version = parser_->get().version();
    const bool keep_alive = parser_->get().keep_alive();
    const bool head_only = parser_->get().method() == http::verb::head;
    HttpReply reply = shared_.handler.handle(head(), std::exchange(body_, {}));
    release_body();
    if (head_only) reply.text.clear();
    respond(std::move(reply), version, keep_alive);
  }

  void on_read_error(error_code ec, const char* part) {
    if (ec == net::error::operation_aborted && timed_out_ && !stopping_) {
      return refuse({408, std::string("the ") + part + " took too long", {}});
    }
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
      return refuse({431, "the header is larger than the limit", {}});
    }
    if (ec == http::error::body_limit) return refuse(too_large());
    if (ec.category() == make_error_code(http::error::end_of_stream).category() &&
        ec != http::error::end_of_stream && ec != http::error::partial_message) {
      return refuse({400, std::string("not HTTP: ") + ec.message(), {}});
    }
    if (ec == http::error::partial_message) {
      shared_.handler.on_refused(400, "the connection ended inside a request");
    }
    close();  // gone, or stopped
  }

  HttpReply too_large() const {
    return {413,
            "the body is larger than " + std::to_string(shared_.limits.max_body_bytes) + " bytes",
            {}};
  }

  // Answers a request that was not read to its end: the connection cannot be kept.
  void refuse(HttpReply reply) {
    shared_.handler.on_refused(reply.status, reply.text);
    release_body();
    respond(std::move(reply), 11, false);
  }

  void respond(HttpReply reply, unsigned version, bool keep_alive) {
    response_ = {};
    response_.version(version);
    response_.result(reply.status);
    response_.set(http::field::server, "micromegas-collector");
    if (!reply.text.empty()) {
      response_.set(http::field::content_type, "text/plain; charset=utf-8");
      response_.body() = reply.text + "\n";
    }
    if (!reply.allow.empty()) response_.set(http::field::allow, reply.allow);
    if (reply.status == 503) response_.set(http::field::retry_after, "1");
    response_.keep_alive(keep_alive && !stopping_);
    response_.prepare_payload();
    writing_ = true;
    arm(shared_.limits.write_timeout);
    http::async_write(socket_, response_, [self = shared_from_this()](error_code ec, std::size_t) {
      self->writing_ = false;
      if (ec || self->stopping_) return self->close();
      self->response_.keep_alive() ? self->wait_for_request() : self->linger();
    });
  }

  void linger() {
    error_code ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    if (ec) return close();
    arm(kLingerTime);
    buffer_.clear();
    discard();
  }

  void discard() {
    socket_.async_read_some(
        buffer_.prepare(16 * 1024), [self = shared_from_this()](error_code ec, std::size_t) {
          (ec || self->stopping_ || self->timed_out_) ? self->close() : self->discard();
        });
  }

  void release_body() {
    shared_.body_bytes -= std::exchange(charged_, 0);
    std::string().swap(body_);
  }

  // The body stays: a read that is completing may still write to it. It goes with the session.
  void close() {
    disarm();
    error_code ignored;
    socket_.close(ignored);
    if (on_end_) std::exchange(on_end_, nullptr)();
  }

  tcp::socket socket_;
  net::steady_timer timer_;
  Shared& shared_;
  boost::beast::flat_buffer buffer_;
  std::function<void()> on_end_;
  std::optional<Parser> parser_;
  std::optional<HttpReply> refusal_;
  http::response<http::string_body> response_;
  std::string body_;
  std::size_t charged_ = 0;  // this request's part of Shared::body_bytes
  std::uint64_t generation_ = 0;
  bool timed_out_ = false;
  bool writing_ = false;
  bool stopping_ = false;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpLimits& limits, HttpHandler& handler) : shared_{limits, handler} {}

  Result<void> start(const std::string& address, std::uint16_t port) {
    const auto fail = [&](const char* what, const error_code& ec) {
      return Error(std::string("collector: cannot ") + what + " " + address + ":" +
                   std::to_string(port) + ": " + ec.message() + "; choose another port or address");
    };
    error_code ec;
    const auto ip = net::ip::make_address(address, ec);
    if (ec) {
      return Error("collector: address \"" + address +
                   "\" is not an IP address; use for example 127.0.0.1 or ::1");
    }
    const tcp::endpoint endpoint(ip, port);
    acceptor_.open(endpoint.protocol(), ec);
    if (ec) return fail("open a socket for", ec);
    acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
    acceptor_.bind(endpoint, ec);
    if (ec) return fail("bind", ec);
    acceptor_.listen(tcp::acceptor::max_listen_connections, ec);
    if (ec) return fail("listen on", ec);
    port_ = acceptor_.local_endpoint(ec).port();
    accept();
    auto thread = start_thread_with_signals_blocked("mm-collector", [this] { io_.run(); });
    if (!thread) return thread.error();
    thread_ = std::move(*thread);
    return {};
  }

  ~Impl() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    net::post(io_, [this] {
      stopping_ = true;
      error_code ignored;
      acceptor_.close(ignored);
      retry_.cancel();
      auto sessions = sessions_;  // stop() takes them out of the map
      for (auto& [id, session] : sessions) session->stop();
    });
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  void accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
      if (stopping_) return;
      if (ec) {  // no descriptor left: those that we hold will come back
        retry_.expires_after(milliseconds(50));
        retry_.async_wait([this](error_code cancelled) {
          if (!cancelled && !stopping_) accept();
        });
        return;
      }
      add(std::move(socket));
      accept();
    });
  }

  void add(tcp::socket socket) {
    const std::uint64_t id = ++last_id_;
    // Twice the limit: those above it are being told so; above that even telling costs too much.
    const std::size_t open = sessions_.size();
    if (open >= 2 * shared_.limits.max_connections) {
      shared_.handler.on_refused(503, "too many connections");
      return;
    }
    auto session =
        std::make_shared<Session>(std::move(socket), shared_, [this, id] { sessions_.erase(id); });
    sessions_.emplace(id, session);
    if (open >= shared_.limits.max_connections) {
      shared_.handler.on_refused(503, "too many connections");
      session->refuse_connection();
    } else {
      session->start();
    }
  }

  Shared shared_;
  net::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  net::steady_timer retry_{io_};
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions_;
  std::uint64_t last_id_ = 0;
  bool stopping_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(const std::string& address,
                                                      std::uint16_t port, const HttpLimits& limits,
                                                      HttpHandler& handler) {
  auto impl = std::make_unique<Impl>(limits, handler);
  if (auto started = impl->start(address, port); !started) return started.error();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const noexcept { return impl_->port(); }
void HttpServer::stop() { impl_->stop(); }

}  // namespace micromegas::collector
