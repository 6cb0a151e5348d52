// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP server on loopback that does what a test tells it: answer, answer wrongly, be slow, hang
// up in the middle, say nothing. It keeps what it received.
//
//   ScriptedServer server;                          // answers 200 to everything
//   server.script({status(500), hang_up(), status(200)});   // then 200 again
//   server.decide([](const ReceivedRequest& r) { return status(r.path == "/x" ? 403 : 200); });
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
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace micromegas::testing {

inline constexpr std::chrono::seconds kPatience{30};  // only a broken test waits that long

struct ReceivedRequest {
  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers;  // as they came
  std::string body;
  std::size_t connection = 0;  // 0 for the first connection that was accepted, then 1, ...

  // Of a header in any case; empty if there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
};

// What the server does once it has read a request. Made by the functions below.
struct Reply {
  std::string bytes;                   // sent as they are
  bool close = false;                  // then the connection is closed
  bool reset = false;                  // ... with a reset, not an orderly end
  bool silence = false;                // then nothing, until the client or the test gives up
  std::chrono::milliseconds pause{0};  // between two bytes
  std::function<void()> before;        // called first, on the connection's thread
};

using Headers = std::vector<std::pair<std::string, std::string>>;

Reply status(int code, const Headers& headers = {}, const std::string& body = "");
Reply raw(std::string bytes);  // and the connection stays open
Reply raw_then_close(std::string bytes);
Reply hang_up();           // no answer, orderly end
Reply reset_connection();  // no answer, reset
Reply say_nothing();       // no answer, connection stays open
Reply close_after(Reply reply);
Reply drip(Reply reply, std::chrono::milliseconds pause);  // byte by byte
Reply after(std::function<void()> before, Reply reply);

class ScriptedServer {
 public:
  using Decide = std::function<Reply(const ReceivedRequest&)>;

  // Port 0: any free one.
  explicit ScriptedServer(std::uint16_t port = 0);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // The replies to the next requests, in order of arrival, before `decide` is asked again.
  void script(std::initializer_list<Reply> replies);
  // One call at a time.
  void decide(Decide decide);
  // Refuses bodies like a server that has seen enough: replies when the head is there and closes.
  void reply_before_body(bool on);

  // False when patience runs out.
  bool wait_for_requests(std::size_t count);
  [[nodiscard]] std::vector<ReceivedRequest> requests() const;
  [[nodiscard]] std::size_t connections() const;       // accepted so far
  [[nodiscard]] std::size_t open_connections() const;  // that neither side has closed
  // Closes every connection that waits for its next request.
  void close_idle_connections();

 private:
  struct Connection {
    int fd = -1;
    bool idle = true;
    std::thread thread;
  };

  void accept_all();
  void serve(Connection& connection, std::size_t number);
  bool read_request(int fd, ReceivedRequest& request, std::string& buffer);
  Reply next_reply(const ReceivedRequest& request);
  bool send(int fd, const Reply& reply);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool reply_before_body_ = false;
  std::deque<Reply> script_;
  Decide decide_;
  std::list<Connection> connections_;
  std::vector<ReceivedRequest> requests_;
  std::mutex decide_mutex_;
};

// A port on which nobody listens right now.
std::uint16_t unused_port();

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_HTTP_SCRIPTED_SERVER_H_
