// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An upload actor and its server in the hands of a test. At the end of each the books balance, a
// server has stored what they call delivered and nothing that nobody made, and nobody has seen the
// key.
#ifndef MICROMEGAS_TESTS_UPLOAD_UPLOADER_FIXTURE_H_
#define MICROMEGAS_TESTS_UPLOAD_UPLOADER_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/upload/items.h"
#include "micromegas/transport/upload/uploader.h"

namespace micromegas::upload {

using namespace std::chrono_literals;

inline constexpr char kKey[] = "mmk_a-key-that-nobody-may-see";

inline std::mutex said_mutex;
inline std::vector<std::string> said;

class UploaderTest : public ::testing::Test {
 protected:
  UploaderTest() {
    said.clear();
    outbox_.say = [](std::string_view, std::string_view line) noexcept {
      const std::lock_guard lock(said_mutex);
      said.emplace_back(line);
    };
    client_.request_timeout = 10s;
    outbox_.backoff = {1ms, 20ms};
  }
  ~UploaderTest() override {
    if (uploader_) {
      uploader_->stop(std::chrono::steady_clock::now());
      const UploadStats stats = uploader_->outbox().stats();
      expect_balance(stats);
      EXPECT_EQ(stats.bytes_held, 0U);
      note_delivered();
      EXPECT_EQ(stats.last_error.find(kKey), std::string::npos);
    }
    received(server_.requests());
    EXPECT_GE(items_.made->events_of(stored_), delivered_) << "said to be delivered";
    for (const std::string& line : said) EXPECT_EQ(line.find(kKey), std::string::npos) << line;
  }

  void start_for(const std::string& url) {
    client_.endpoint = *http::parse_endpoint(url, "url");
    client_.user_agent = "uploader_test/1";
    client_.credential = *http::make_api_key(kKey, "api_key");
    outbox_.destination = client_.endpoint.to_string();
    if (uploader_) note_delivered();
    uploader_ = std::make_unique<Uploader>(outbox_, client_);
    ASSERT_TRUE(uploader_->start());
    items_.announce(outbox());
    uploader_->wake();
  }
  void start() { start_for(server_.url()); }

  Outbox& outbox() { return uploader_->outbox(); }
  void add(StreamKind kind, const std::string& text, std::uint64_t events = 1) {
    if (outbox().add_block(items_.block(kind, text, events))) uploader_->wake();
  }
  [[nodiscard]] bool delivered() {
    return outbox().wait_delivered(patience(), outbox().told_drops());
  }

  // False when patience runs out.
  [[nodiscard]] bool tried_again(std::uint64_t times) {
    const TimePoint until = patience();
    while (outbox().stats().retries < times) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

  // What a server other than server_ has received.
  void received(const std::vector<testing::ReceivedRequest>& requests) {
    for (const auto& request : requests) {
      if (request.path != "/ingestion/insert_block" || request.body.empty()) continue;
      stored_[name_of(request.body)] += request.stored ? 1U : 0U;
    }
  }

  static std::vector<std::string> bodies(const std::vector<testing::ReceivedRequest>& requests) {
    std::vector<std::string> bodies;
    for (const auto& request : requests) bodies.push_back(request.body);
    return bodies;
  }
  std::vector<std::string> bodies() { return bodies(server_.requests()); }
  // Ends the upload thread first: what it says comes after what it does.
  std::string everything_said() {
    uploader_->stop(std::chrono::steady_clock::now());
    const std::lock_guard lock(said_mutex);
    std::string text;
    for (const auto& line : said) text += line + "\n";
    return text;
  }

  OutboxOptions outbox_;
  http::ClientOptions client_;
  Items items_;
  testing::ScriptedServer server_;
  std::unique_ptr<Uploader> uploader_;

 private:
  void note_delivered() {
    for (const KindStats& kind : uploader_->outbox().stats().events) delivered_ += kind.delivered;
  }

  std::map<std::string, std::uint64_t> stored_;  // blocks, by name_of() their texts: how often
  std::uint64_t delivered_ = 0;                  // events, by the books
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TESTS_UPLOAD_UPLOADER_FIXTURE_H_
