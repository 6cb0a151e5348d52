// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP server on loopback that does what a test tells it: answer, answer wrongly, be slow, hang
// up in the middle, say nothing. It keeps what it received.
//
//   ScriptedServer server;                          // answers 200 to everything
//   ScriptedServer secure({.certificate = authority.issue({.hosts = {"a.name"}})});
//   server.script({status(500), hang_up(), status(200)});   // then 200 again
//   server.decide([](const ReceivedRequest& r) { return status(r.path == "/x" ? 403 : 200); });
//   server.read_at_most(17);                        // hangs up after 17 bytes of a connection
//   server.read_slowly(1s);                         // takes a byte a second; 0: nothing at all
//   ...
//   ASSERT_TRUE(server.wait_for_requests(3));
//   EXPECT_EQ(server.requests()[1].body, server.requests()[2].body);
//
// Plain sockets and a thread for each connection: nothing is done behind the test's back.
#ifndef MICROMEGAS_TESTS_HTTP_SCRIPTED_SERVER_H_
#define MICROMEGAS_TESTS_HTTP_SCRIPTED_SERVER_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/tests/http/certificates.h"
#include "micromegas/tests/http/replies.h"
#include "micromegas/tests/http/wire_end.h"

namespace micromegas::testing {

inline constexpr std::chrono::seconds kPatience{30};  // only a broken test waits that long

struct ReceivedRequest {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  // as they came
  std::string body;
  std::size_t bytes = 0;       // of head and body
  bool stored = false;         // the reply said 2xx, whatever became of it
  std::size_t connection = 0;  // 0 for the first connection that was accepted, then 1, ...

  // Of a header in any case; empty if there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

struct ServerOptions {
  std::string address = "127.0.0.1";            // or another of loopback: "127.0.0.2", "::1"
  std::uint16_t port = 0;                       // 0: any free one
  std::optional<Certificate> certificate = {};  // https with this one
  bool proxy = false;                           // plain until it replies tunnel()
  std::string client_ca = {};                   // PEM: clients must show a certificate signed by it
};

class ScriptedServer {
 public:
  using Decide = std::function<Reply(const ReceivedRequest&)>;

  ScriptedServer() : ScriptedServer(ServerOptions{}) {}
  explicit ScriptedServer(std::uint16_t port) : ScriptedServer(ServerOptions{.port = port}) {}
  explicit ScriptedServer(const ServerOptions& options);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // Hangs up on everybody. What was received stays.
  void stop();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const;

  // The replies to the next requests, in order of arrival, before `decide` is asked again.
  void script(std::initializer_list<Reply> replies);
  // One call at a time.
  void decide(Decide decide);
  // Refuses bodies like a server that has seen enough: replies when the head is there and closes.
  void reply_before_body(bool on);
  // The next connection is closed once so many bytes have come, after a last word; asked for n
  // times, the next n.
  void read_at_most(std::size_t bytes, const std::string& last_word = "");
  // From the next connection on: one byte every `pause`; 0: not one, until the server is told
  // another pause or ends. Nothing: as fast as they come.
  void read_slowly(std::optional<std::chrono::milliseconds> pause);

  // False when patience runs out.
  bool wait_for_requests(std::size_t count);
  [[nodiscard]] std::vector<ReceivedRequest> requests() const;
  [[nodiscard]] std::size_t connections() const;       // accepted so far
  [[nodiscard]] std::size_t open_connections() const;  // that neither side has closed
  [[nodiscard]] std::size_t failed_handshakes() const;
  [[nodiscard]] std::vector<std::string> server_names() const;  // that TLS clients asked for
  // Closes every connection that waits for its next request.
  void close_idle_connections();

 private:
  struct Connection {
    int fd = -1;
    bool idle = true;
    std::size_t may_read = SIZE_MAX;
    std::string last_word;
    std::optional<std::chrono::milliseconds> read_pause;
    std::thread thread;
  };

  void accept_all();
  void serve(Connection& connection, std::size_t number);
  bool begin_tls(WireEnd& wire);
  void talk(Connection& connection, WireEnd& wire, std::size_t number);
  bool read_more(Connection& connection, WireEnd& wire, std::string& buffer);
  bool read_request(Connection& connection, WireEnd& wire, ReceivedRequest& request,
                    std::string& buffer);
  Reply next_reply(const ReceivedRequest& request);
  bool send(WireEnd& wire, const Reply& reply);

  std::string address_;
  bool proxy_;
  std::unique_ptr<TlsServerContext> tls_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool reply_before_body_ = false;
  std::deque<std::pair<std::size_t, std::string>> read_limits_;
  std::optional<std::chrono::milliseconds> read_pause_;
  std::size_t failed_handshakes_ = 0;
  std::vector<std::string> server_names_;
  std::deque<Reply> script_;
  Decide decide_;
  std::list<Connection> connections_;
  std::vector<ReceivedRequest> requests_;
  std::mutex decide_mutex_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_HTTP_SCRIPTED_SERVER_H_
