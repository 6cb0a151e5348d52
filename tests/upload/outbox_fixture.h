// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// An outbox, a clock and a server's answers in the hands of a test.
#ifndef MICROMEGAS_TESTS_UPLOAD_OUTBOX_FIXTURE_H_
#define MICROMEGAS_TESTS_UPLOAD_OUTBOX_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/tests/upload/items.h"
#include "micromegas/transport/upload/outbox.h"

namespace micromegas::upload {

using namespace std::chrono_literals;

inline std::vector<std::string> lines;  // what the outbox of the running test has said

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { lines.clear(); }

  static OutboxOptions options() {
    OutboxOptions options;
    options.destination = "http://server";
    options.backoff = {100ms, 5000ms};
    options.max_in_flight = 3;
    options.say = [](std::string_view, std::string_view line) noexcept {
      lines.emplace_back(line);
    };
    return options;
  }

  void use(OutboxOptions options) { outbox_ = std::make_unique<Outbox>(std::move(options)); }

  // The next request as the uploader would make it; "" if there is none now.
  std::string take() {
    auto job = outbox_->take(now_);
    if (!job) return "";
    if (!job->body) {
      job->body = std::make_shared<const std::string>(*job->encode());
      outbox_->encoded(job->ticket, job->body);
    }
    tickets_[*job->body] = job->ticket;
    return *job->body;
  }
  void answer(const std::string& body, unsigned status,
              std::optional<std::chrono::seconds> retry_after = std::nullopt) {
    outbox_->complete(tickets_.at(body), {http::Outcome::Kind::kAnswered, status, retry_after, ""},
                      now_, {});
    expect_balance(outbox_->stats());
  }
  void lose(const std::string& body, http::Outcome::Kind kind = http::Outcome::Kind::kUnreachable) {
    outbox_->complete(tickets_.at(body), {kind, 0, std::nullopt, "gone"}, now_, {});
    expect_balance(outbox_->stats());
  }
  // Takes and accepts until there is nothing more; returns what went.
  std::vector<std::string> drain() {
    std::vector<std::string> sent;
    for (std::string body; !(body = take()).empty();) {
      sent.push_back(body);
      answer(body, 200);
    }
    return sent;
  }
  void start() {
    items_.announce(*outbox_);
    EXPECT_THAT(drain(), ::testing::ElementsAre("process"));
  }
  // Its blocks are those of StreamKind::kThread from here on.
  void start_thread() {
    items_.streams[static_cast<int>(StreamKind::kThread)] = Uuid::random();
    items_.announce_stream(*outbox_, StreamKind::kThread);
  }
  bool all_delivered_since(std::uint64_t told) {
    return outbox_->wait_delivered(std::chrono::steady_clock::now() + 1ms, told);
  }
  void pass(std::chrono::milliseconds time) { now_ += time; }

  Items items_;
  TimePoint now_{std::chrono::hours(1)};
  std::unique_ptr<Outbox> outbox_ = std::make_unique<Outbox>(options());
  std::map<std::string, std::uint64_t> tickets_;
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TESTS_UPLOAD_OUTBOX_FIXTURE_H_
