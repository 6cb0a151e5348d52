// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <thread>

namespace micromegas::http {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

TEST(Resolver, AnswersNumbersAndLocalhostAtOnce) {
  Resolver resolver([](const std::string&) -> Resolution {
    ADD_FAILURE() << "nothing to look up";
    return {};
  });
  for (const auto& [host, addresses] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"192.0.2.1", {"192.0.2.1"}},
           {"::1", {"::1"}},
           {"fe80::1%lo", {"fe80::1%lo"}},
           {"localhost", {"127.0.0.1", "::1"}}}) {
    bool called = false;
    resolver.resolve(host, [&, want = addresses](const Resolution& resolution) {
      EXPECT_EQ(resolution.addresses, want);
      called = true;
    });
    EXPECT_TRUE(called) << host;
  }
}

TEST(Resolver, AsksTheSystemForNames) {
  // A label is of 63 at most: the system says no without asking a server.
  const std::string host = std::string(64, 'x') + ".invalid";
  std::promise<Resolution> answer;
  auto answered = answer.get_future();
  Resolver resolver;
  resolver.resolve(host, [&](Resolution resolution) { answer.set_value(std::move(resolution)); });
  ASSERT_EQ(answered.wait_for(60s), std::future_status::ready);
  const Resolution resolution = answered.get();
  EXPECT_TRUE(resolution.addresses.empty());
  EXPECT_NE(resolution.error.find(host), std::string::npos);
}

// The look-up blocks until the test lets it go.
struct HeldLookUp {
  std::shared_ptr<std::latch> release = std::make_shared<std::latch>(1);
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
  LookUp look_up = [release = release, calls = calls](const std::string&) {
    ++*calls;
    release->wait();
    return Resolution{{"192.0.2.7"}, {}};
  };
};

TEST(Resolver, StopLeavesALookUpThatHangs) {
  HeldLookUp held;
  std::atomic<bool> called{false};
  {
    Resolver resolver(held.look_up);
    resolver.resolve("slow", [&](const Resolution&) { called = true; });
    const auto before = steady_clock::now();
    EXPECT_FALSE(resolver.stop(before + 50ms));
    EXPECT_LT(steady_clock::now() - before, 10s);
  }
  held.release->count_down();
  EXPECT_FALSE(called);
}

TEST(Resolver, StopWaitsForALookUpThatEnds) {
  HeldLookUp held;
  Resolver resolver(held.look_up);
  resolver.resolve("slow", [](const Resolution&) {});
  std::thread later([&] { held.release->count_down(); });
  EXPECT_TRUE(resolver.stop(steady_clock::now() + 30s));
  later.join();
}

TEST(Resolver, ALookUpUnderWayServesTheLatestAsker) {
  HeldLookUp held;
  Resolver resolver(held.look_up);
  std::atomic<bool> first{false};
  std::promise<Resolution> second;
  resolver.resolve("slow", [&](const Resolution&) { first = true; });
  resolver.resolve("slow", [&](Resolution resolution) { second.set_value(std::move(resolution)); });
  held.release->count_down();
  EXPECT_EQ(second.get_future().get().addresses, std::vector<std::string>{"192.0.2.7"});
  EXPECT_FALSE(first);
  EXPECT_EQ(*held.calls, 1);
}

TEST(Resolver, ALookUpThatThrowsIsAnError) {
  Resolver resolver([](const std::string&) -> Resolution { throw 1; });
  std::promise<Resolution> answer;
  resolver.resolve("x", [&](Resolution resolution) { answer.set_value(std::move(resolution)); });
  EXPECT_FALSE(answer.get_future().get().error.empty());
}

}  // namespace
}  // namespace micromegas::http
