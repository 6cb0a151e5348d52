// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// From macros to a server, with real blocks; and what create() refuses.

#include "micromegas/transport/http_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/dispatch.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/support/child.h"
#include "micromegas/tests/support/forked_leaks.h"
#include "micromegas/tests/support/live_memory.h"
#include "micromegas/tests/support/reserved_port.h"
#include "micromegas/tests/upload/items.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using ::testing::StartsWith;
using testing::status;
using upload::dropped;
using upload::expect_balance;
using upload::of;
using upload::patience;

constexpr char kKey[] = "mmk_a-key-that-nobody-may-see";

HttpSinkOptions options_for(const ScriptedServer& server) {
  HttpSinkOptions options;
  options.url = server.url();
  options.api_key = kKey;
  options.backoff_min = 1ms;
  options.backoff_max = 20ms;
  return options;
}

std::string error_of(HttpSinkOptions options) {
  const auto sink = HttpSink::create(std::move(options));
  return sink ? "" : sink.error().message();
}

TEST(HttpSinkOptions, OutOfRangeIsAnErrorThatNamesOptionVariableAndValue) {
  HttpSinkOptions good;
  good.url = "http://127.0.0.1:1";
  EXPECT_EQ(error_of(good), "");

  const auto with = [&](auto change) {
    HttpSinkOptions options = good;
    change(options);
    return error_of(options);
  };
  EXPECT_THAT(with([](auto& o) { o.url = "127.0.0.1:8081"; }),
              StartsWith("url (MICROMEGAS_TELEMETRY_URL) = \"127.0.0.1:8081\": must begin with"));
  EXPECT_THAT(with([](auto& o) { o.api_key = "hunter 2"; }),
              AllOf(HasSubstr("api_key (MICROMEGAS_INGESTION_API_KEY)"), Not(HasSubstr("hunter"))));
  EXPECT_EQ(
      with([](auto& o) { o.max_in_flight = 0; }),
      "max_in_flight (MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS) = 0: must be from 1 to 64");
  EXPECT_THAT(with([](auto& o) { o.max_in_flight = 65; }), HasSubstr("= 65"));
  EXPECT_THAT(with([](auto& o) { o.soft_queue_bytes = 1; }),
              HasSubstr("MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES"));
  EXPECT_THAT(with([](auto& o) { o.hard_queue_bytes = 1; }),
              HasSubstr("MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES"));
  EXPECT_EQ(with([](auto& o) {
              o.soft_queue_bytes = 200'000;
              o.hard_queue_bytes = 100'000;
            }),
            "soft_queue_bytes (MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES) = 200000: must not be above "
            "hard_queue_bytes (MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES) = 100000; lower it or raise "
            "the other");
  EXPECT_EQ(with([](auto& o) { o.hard_queue_bytes = o.soft_queue_bytes; }), "");
  EXPECT_THAT(with([](auto& o) { o.request_timeout = 0ms; }),
              HasSubstr("MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS) = 0 ms"));
  EXPECT_THAT(with([](auto& o) { o.backoff_min = 0ms; }), HasSubstr("backoff_min"));
  EXPECT_THAT(with([](auto& o) { o.backoff_max = o.backoff_min - 1ms; }), HasSubstr("backoff_max"));
  EXPECT_THAT(with([](auto& o) { o.idle_timeout = -1ms; }), HasSubstr("idle_timeout"));
  EXPECT_THAT(with([](auto& o) { o.shutdown_deadline = -1ms; }), HasSubstr("shutdown_deadline"));
  EXPECT_THAT(with([](auto& o) { o.ca_file = "x"; }), HasSubstr("https://"));
  EXPECT_THAT(with([](auto& o) {
                o.url = "https://a.name";
                o.ca_file = "/no/such/file";
              }),
              HasSubstr("ca_file (MICROMEGAS_TELEMETRY_CA_FILE) = \"/no/such/file\""));
  ASSERT_EQ(setenv("https_proxy", "socks5://me:hunter2@proxy", 1), 0);
  EXPECT_THAT(with([](auto& o) { o.url = "https://a.name"; }),
              AllOf(HasSubstr("https_proxy"), Not(HasSubstr("hunter2"))));
  unsetenv("https_proxy");
  EXPECT_THAT(with([](auto& o) { o.user_agent = "a\r\nb"; }), HasSubstr("user_agent"));
  EXPECT_THAT(with([](auto& o) { o.user_agent = ""; }), HasSubstr("user_agent"));
}

// What a server's analytics would read of the requests.
struct Decoded {
  int processes = 0;
  std::map<Uuid, wire::DecodedStream> streams;
  std::map<Uuid, wire::DecodedBlock> blocks;
  std::map<std::string, std::int64_t> events;  // by tag of the stream
};

Decoded decode(const std::vector<ReceivedRequest>& requests) {
  Decoded decoded;
  for (const ReceivedRequest& request : requests) {
    if (request.path == "/ingestion/insert_process") {
      EXPECT_TRUE(wire::decode_process(request.body));
      ++decoded.processes;
    } else if (request.path == "/ingestion/insert_stream") {
      auto stream = wire::decode_stream(request.body);
      EXPECT_TRUE(stream);
      if (stream) decoded.streams[stream->stream_id] = *stream;
    } else {
      auto block = wire::decode_block(request.body);
      EXPECT_TRUE(block);
      if (!block) continue;
      const auto stream = decoded.streams.find(block->stream_id);
      if (stream == decoded.streams.end()) {
        ADD_FAILURE() << "a block came before its stream";
        continue;
      }
      if (!decoded.blocks.emplace(block->block_id, *block).second) continue;
      const auto events =
          wire::for_each_event(stream->second, *block, [](std::int64_t, const wire::Object&) {});
      EXPECT_TRUE(events) << (events ? "" : events.error().message());
      if (events) decoded.events[stream->second.tags.at(0)] += *events;
    }
  }
  return decoded;
}

// At the end of each test: a server has stored what the books call delivered, readable and with its
// stream before it.
class HttpSinkTest : public ::testing::Test {
 protected:
  ~HttpSinkTest() override {
    pipeline::stop_session(0, patience());
    if (!sink_) return;
    received(server_);
    Decoded decoded = decode(stored_);
    const UploadStats stats = sink_->stats();
    expect_balance(stats);
    const auto delivered = [&](EventKind kind) {
      return static_cast<std::int64_t>(of(stats, kind).delivered);
    };
    EXPECT_GE(decoded.events["log"], delivered(EventKind::kLog));
    EXPECT_GE(decoded.events["metrics"],
              delivered(EventKind::kIntegerMetric) + delivered(EventKind::kFloatMetric));
    EXPECT_GE(decoded.events["cpu"], delivered(EventKind::kSpan));
  }

  void received(const ScriptedServer& server) {
    for (const ReceivedRequest& request : server.requests()) {
      if (request.stored) stored_.push_back(request);
    }
  }

  void start(HttpSinkOptions options) {
    auto sink = HttpSink::create(std::move(options));
    ASSERT_TRUE(sink) << sink.error().message();
    sink_ = *sink;
    pipeline::SessionOptions session;
    session.sink = sink_;
    session.process = dispatch::make_process_info(Uuid::random(), std::nullopt, {{"a", "b"}});
    session.told_drops = [this] { return sink_->told_drops(); };
    session.wait_delivered = [this](pipeline::Deadline d, std::uint64_t told) {
      return sink_->wait_delivered(d, told);
    };
    session.before_stop = [this](pipeline::Deadline d) { sink_->set_shutdown_deadline(d); };
    session.abandon_after_fork = [this] { sink_->abandon_after_fork(); };
    session.delivery_books = [this](EventStats& stats) {
      const UploadStats upload = sink_->stats();
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
        stats[kind].delivered += upload.events[kind].delivered;
        stats[kind].held += upload.events[kind].held;
        for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
          stats[kind].dropped[reason] += upload.events[kind].dropped[reason];
        }
      }
    };
    ASSERT_TRUE(pipeline::start_session(std::move(session)));
  }

  static void record(int n) {
    for (int i = 0; i < n; ++i) {
      MM_SPAN("work");
      MM_INFO("number {} of {}", i, n);
      MM_IMETRIC("count", "count", static_cast<std::uint64_t>(i));
      MM_FMETRIC("ratio", "", i * 0.5);
    }
  }

  ScriptedServer server_;
  std::shared_ptr<HttpSink> sink_;

 private:
  std::vector<ReceivedRequest> stored_;
};

TEST_F(HttpSinkTest, DeliversEveryEventOfEveryThread) {
  start(options_for(server_));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([] { record(1000); });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(pipeline::flush_session(patience()));

  const Decoded decoded = decode(server_.requests());
  EXPECT_EQ(decoded.processes, 1);
  EXPECT_EQ(decoded.streams.size(), 6U);
  EXPECT_EQ(decoded.events.at("log"), 4000);
  EXPECT_EQ(decoded.events.at("metrics"), 8000);
  EXPECT_EQ(decoded.events.at("cpu"), 8000);
  const UploadStats stats = sink_->stats();
  EXPECT_EQ(of(stats, EventKind::kLog).delivered, 4000U);
  EXPECT_EQ(of(stats, EventKind::kIntegerMetric).delivered, 4000U);
  EXPECT_EQ(of(stats, EventKind::kFloatMetric).delivered, 4000U);
  EXPECT_EQ(of(stats, EventKind::kSpan).delivered, 8000U);
  EXPECT_EQ(stats.blocks_sent, decoded.blocks.size());
  EXPECT_EQ(stats.retries, 0U);
  std::uint64_t bytes = 0;
  for (const auto& request : server_.requests()) {
    if (request.path == "/ingestion/insert_block") bytes += request.body.size();
    EXPECT_EQ(request.header("User-Agent"), "micromegas-cpp/0.1.0");
  }
  EXPECT_EQ(stats.bytes_sent, bytes);
}

TEST_F(HttpSinkTest, SendsABlockAgainUnderTheSameIdWithTheSameBytes) {
  std::map<std::string, int> tries;
  server_.decide(
      [&](const ReceivedRequest& r) { return status(++tries[r.body] == 3 ? 200 : 500); });
  start(options_for(server_));
  record(100);
  EXPECT_TRUE(pipeline::flush_session(patience()));
  for (const auto& [body, count] : tries) EXPECT_EQ(count, 3);
  EXPECT_EQ(of(sink_->stats(), EventKind::kLog).delivered, 100U);
}

// A proxy before the server may take less than the server: nothing is lost, nothing comes twice.
TEST_F(HttpSinkTest, ABlockThatIsTooLargeForTheServerArrivesInParts) {
  constexpr std::size_t kMost = 3000;
  std::map<std::string, int> tries;
  server_.decide([&](const ReceivedRequest& r) {
    ++tries[r.body];
    return status(r.path == "/ingestion/insert_block" && r.body.size() > kMost ? 413 : 200);
  });
  start(options_for(server_));
  record(2000);
  EXPECT_TRUE(pipeline::flush_session(patience()));
  std::vector<ReceivedRequest> taken;
  for (const ReceivedRequest& request : server_.requests()) {
    if (request.path != "/ingestion/insert_block" || request.body.size() <= kMost) {
      taken.push_back(request);
    }
  }
  const Decoded decoded = decode(taken);
  EXPECT_EQ(decoded.events.at("log"), 2000);
  EXPECT_EQ(decoded.events.at("metrics"), 4000);
  EXPECT_EQ(decoded.events.at("cpu"), 4000);
  EXPECT_GT(decoded.blocks.size(), 6U);
  // Each stream is whole: its blocks stand one behind the other, spans' bounds meet.
  std::map<Uuid, std::map<std::int64_t, const wire::DecodedBlock*>> streams;
  for (const auto& [id, block] : decoded.blocks) {
    streams[block.stream_id][block.object_offset] = &block;
  }
  for (const auto& [id, blocks] : streams) {
    std::int64_t next = 0;
    std::optional<std::int64_t> bound;
    for (const auto& [offset, block] : blocks) {
      EXPECT_EQ(offset, next);
      next += block->event_count;
      EXPECT_LE(block->begin_ticks, block->end_ticks);
      const bool spans = decoded.streams.at(id).has_tag("cpu");
      if (spans && bound) {
        EXPECT_EQ(block->begin_ticks, *bound);
      }
      bound = block->end_ticks;
    }
  }
  expect_balance(sink_->stats());
  EXPECT_EQ(of(sink_->stats(), EventKind::kIntegerMetric).delivered, 2000U);
  EXPECT_EQ(of(sink_->stats(), EventKind::kSpan).delivered, 4000U);
}

TEST_F(HttpSinkTest, TheBooksOfAllPartsBalanceThroughAnOutage) {
  const testing::ReservedPort reserved;
  HttpSinkOptions options = options_for(server_);
  options.url = reserved.url();
  options.soft_queue_bytes = 64 * 1024;
  options.hard_queue_bytes = 128 * 1024;
  start(options);
  for (int i = 0; i < 50; ++i) {
    record(200);
    pipeline::hand_over_session(patience());
  }
  EXPECT_TRUE(sink_->is_busy());
  EXPECT_LE(sink_->stats().bytes_held, 128U * 1024);
  ScriptedServer late(reserved.port());
  EXPECT_FALSE(pipeline::flush_session(patience())) << "not all of it fitted";
  EXPECT_FALSE(sink_->is_busy());
  received(late);
  const Decoded decoded = decode(late.requests());
  const EventStats stats = pipeline::session_stats();
  const KindStats& logs = stats[static_cast<std::size_t>(EventKind::kLog)];
  EXPECT_EQ(logs.recorded, 10'000U);
  EXPECT_EQ(logs.recorded, logs.delivered + logs.held + logs.dropped_total());
  EXPECT_EQ(logs.held, 0U);
  EXPECT_EQ(logs.delivered, static_cast<std::uint64_t>(decoded.events.at("log")));
  EXPECT_GT(dropped(sink_->stats(), EventKind::kSpan, DropReason::kUploadBudget), 0U);
  expect_balance(sink_->stats());
}

TEST_F(HttpSinkTest, ShortLivedThreadsLeaveNoMemoryWhileTheServerIsAway) {
#if defined(MICROMEGAS_SANITIZER)
  constexpr int kThreads = 2'000;
#else
  constexpr int kThreads = 20'000;
#endif
  const testing::ReservedPort nobody;
  HttpSinkOptions options = options_for(server_);
  options.url = nobody.url();
  options.soft_queue_bytes = std::size_t{64} * 1024;
  options.hard_queue_bytes = std::size_t{64} * 1024;
  start(options);
  const auto churn = [](int threads) {
    for (int i = 0; i < threads; ++i) {
      std::thread([] { MM_SPAN("short"); }).join();
      if (i % 10 != 9) continue;
      ASSERT_TRUE(pipeline::hand_over_session(patience()));
    }
  };
  churn(kThreads / 10);  // fills the budget
  EXPECT_GT(dropped(sink_->stats(), EventKind::kSpan, DropReason::kUploadBudget), 0U);
  const std::size_t before = testing::live_heap_bytes();
  const std::size_t segments = queue::Runtime::get().segment_bytes();
  churn(kThreads - kThreads / 10);
  EXPECT_LT(testing::live_heap_bytes(), before + (256U << 10)) << "grew from " << before;
  // As many as there were threads between two looks of the actor; they stay in stock.
  EXPECT_LT(queue::Runtime::get().segment_bytes(), segments + 64 * queue::kSegmentBytes);
  EXPECT_EQ(of(sink_->stats(), EventKind::kSpan).recorded, std::uint64_t{kThreads} * 2);
  sink_->shutdown(steady_clock::now());  // nobody comes to take the rest
}

TEST_F(HttpSinkTest, TheDestructorDeliversWhatIsThere) {
  start(options_for(server_));
  record(100);
  EXPECT_TRUE(pipeline::hand_over_session(patience()));
  EXPECT_TRUE(pipeline::stop_session(0, patience()));
  EXPECT_EQ(of(sink_->stats(), EventKind::kLog).delivered, 100U);
  EXPECT_EQ(decode(server_.requests()).events.at("log"), 100);
}

TEST(HttpSink, EndsWithoutEverBeingStarted) {
  ScriptedServer server;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(HttpSink::create(options_for(server)));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpSink, KeepsTheDeadlineItWasGiven) {
  ScriptedServer server;
  server.decide([](const ReceivedRequest&) { return testing::say_nothing(); });
  auto sink = *HttpSink::create(options_for(server));
  sink->on_startup(std::make_shared<const ProcessInfo>());
  ASSERT_TRUE(server.wait_for_requests(1));
  const auto before = steady_clock::now();
  sink->set_shutdown_deadline(before + 50ms);
  sink->on_shutdown();
  EXPECT_GE(steady_clock::now() - before, 50ms);
  EXPECT_LT(steady_clock::now() - before, 4s) << "the option's deadline is 5 s";
}

TEST(HttpSink, ShowsItsKeyNowhere) {
  ScriptedServer server;
  server.decide([](const ReceivedRequest&) { return status(401); });
  static std::string said;
  set_diagnostic_handler([](std::string_view line) { said += line; });
  {
    auto sink = *HttpSink::create(options_for(server));
    sink->on_startup(std::make_shared<const ProcessInfo>());
    ASSERT_TRUE(server.wait_for_requests(3));
    EXPECT_EQ(sink->stats().last_error, "answered with status 401");
    sink->shutdown(steady_clock::now());
  }
  set_diagnostic_handler(nullptr);
  EXPECT_EQ(server.requests()[0].header("Authorization"), std::string("Bearer ") + kKey);
  EXPECT_EQ(said.find(kKey), std::string::npos) << said;
}

// In the child nothing of it runs, blocks or sends.
TEST(HttpSink, IsInertInAForkedChild) {
  ScriptedServer server;
  server.decide([](const ReceivedRequest&) { return testing::say_nothing(); });
  auto sink = *HttpSink::create(options_for(server));
  sink->on_startup(std::make_shared<const ProcessInfo>());
  ASSERT_TRUE(server.wait_for_requests(1));
  const int result = testing::run_child([&] {
    sink->abandon_after_fork();
    sink->on_startup(std::make_shared<const ProcessInfo>());
    LogStream stream;
    sink->on_init_log_stream(stream);
    sink->wait_delivered(steady_clock::now() + 1h, sink->told_drops());
    sink->set_shutdown_deadline(steady_clock::now() + 1h);
    if (sink->is_busy() || sink->stats().requests != 0) _exit(2);
    sink->on_shutdown();
    sink->shutdown(steady_clock::now() + 1h);
    sink.reset();
  });
  EXPECT_TRUE(testing::exited_with(result, 0));
  sink->shutdown(steady_clock::now());
  EXPECT_EQ(server.requests().size(), 1U);
}

}  // namespace
}  // namespace micromegas
