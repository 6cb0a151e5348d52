// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/http/replies.h"

namespace micromegas::testing {

Reply status(int code, const Headers& headers, const std::string& body) {
  Reply reply;
  reply.bytes = "HTTP/1.1 " + std::to_string(code) + " Scripted\r\n";
  for (const auto& [name, value] : headers) reply.bytes += name + ": " + value + "\r\n";
  reply.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  return reply;
}

Reply tunnel() {
  Reply reply = raw("HTTP/1.1 200 Connection established\r\n\r\n");
  reply.tunnel = true;
  return reply;
}

Reply raw(std::string bytes) {
  Reply reply;
  reply.bytes = std::move(bytes);
  return reply;
}

Reply raw_then_close(std::string bytes) { return close_after(raw(std::move(bytes))); }
Reply hang_up() { return raw_then_close(""); }

Reply reset_connection() {
  Reply reply = hang_up();
  reply.reset = true;
  return reply;
}

Reply say_nothing() {
  Reply reply;
  reply.silence = true;
  return reply;
}

Reply flood(std::string bytes, std::string again, std::size_t total) {
  Reply reply = raw_then_close(std::move(bytes));
  reply.flood = std::move(again);
  reply.flood_bytes = total;
  return reply;
}

Reply close_after(Reply reply) {
  reply.close = true;
  return reply;
}

Reply drip(Reply reply, std::chrono::milliseconds pause) {
  reply.pause = pause;
  return reply;
}

Reply after(std::function<void()> before, Reply reply) {
  reply.before = std::move(before);
  return reply;
}

}  // namespace micromegas::testing
