// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a ScriptedServer does once it has read a request.
#ifndef MICROMEGAS_TESTS_HTTP_REPLIES_H_
#define MICROMEGAS_TESTS_HTTP_REPLIES_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace micromegas::testing {

// Made by the functions below.
struct Reply {
  std::string bytes;                   // sent as they are
  bool close = false;                  // then the connection is closed
  bool reset = false;                  // ... with a reset, not an orderly end
  bool silence = false;                // then nothing, until the client or the test gives up
  std::chrono::milliseconds pause{0};  // between two bytes
  std::string flood;                   // sent again and again after `bytes`, ...
  std::size_t flood_bytes = 0;         // ... until this many have gone
  bool tunnel = false;                 // then TLS begins
  std::function<void()> before;        // called first, on the connection's thread
};

using Headers = std::vector<std::pair<std::string, std::string>>;

// A whole, correct answer.
Reply status(int code, const Headers& headers = {}, const std::string& body = "");

// A proxy's to CONNECT; the server is then the one at the other end of the tunnel.
Reply tunnel();

// Wrong ones.
Reply raw(std::string bytes);             // and the connection stays open
Reply raw_then_close(std::string bytes);  // a half, garbage, a wrong length
Reply hang_up();                          // no answer, orderly end
Reply reset_connection();                 // no answer, reset
Reply say_nothing();                      // no answer, the connection stays open: half-open
Reply flood(std::string bytes, std::string again, std::size_t total);  // a gigabyte of headers

// Of any reply.
Reply close_after(Reply reply);
Reply drip(Reply reply, std::chrono::milliseconds pause);  // byte by byte
Reply after(std::function<void()> before, Reply reply);

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_HTTP_REPLIES_H_
