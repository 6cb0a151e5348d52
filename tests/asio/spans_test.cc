// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The current span in coroutines and handlers of an Asio, whichever.

#include <gtest/gtest.h>

#if defined(TEST_BOOST_ASIO)
#include <boost/asio.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "micromegas/boost_asio.h"
namespace net = boost::asio;
using error_code = boost::system::error_code;
using system_error = boost::system::system_error;
#else
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include "micromegas/asio.h"
namespace net = asio;
using error_code = asio::error_code;
using system_error = asio::system_error;
#endif

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using namespace literals;
using namespace std::chrono_literals;
using namespace net::experimental::awaitable_operators;
using net::awaitable;
using net::use_awaitable;
using Map = std::map<std::string, std::string>;

// Suspends, and comes back on whichever thread has time.
awaitable<void> yield() { co_await net::post(co_await net::this_coro::executor, use_awaitable); }

class AsioTest : public SessionTest {
 protected:
  struct Seen {
    testing_support::Span begin{};
    testing_support::Span end{};
    int begins = 0;
    int ends = 0;
  };
  std::map<std::uint64_t, Seen> by_id() {
    std::map<std::uint64_t, Seen> all;
    for (const auto& [stream, events] : flushed().spans) {
      for (const auto& event : events) {
        Seen& span = all[event.id];
        const bool begin = event.kind == SpanEvent::Kind::kAsyncBegin;
        (begin ? span.begin : span.end) = event;
        ++(begin ? span.begins : span.ends);
      }
    }
    for (const auto& [id, span] : all) {
      EXPECT_EQ(span.begins, 1) << span.begin.name;
      EXPECT_EQ(span.ends, 1) << span.begin.name;
    }
    return all;
  }
  std::map<std::string, Seen> by_name() {
    std::map<std::string, Seen> all;
    for (auto& [id, span] : by_id()) {
      EXPECT_TRUE(all.emplace(span.begin.name, span).second) << span.begin.name;
    }
    return all;
  }
  void run(int threads = 1) {
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([this] { context_.run(); });
    context_.run();
    for (auto& other : others) other.join();
    EXPECT_EQ(current_span_id(), 0u);
  }
  template <class T>
  void spawn(awaitable<T> task) {
    micromegas::co_spawn(context_, std::move(task), net::detached);
  }

  net::io_context context_;
};

// --- thousands, interleaved ---

std::string name(int task, const char* what) { return std::to_string(task) + " " + what; }

awaitable<int> leaf(int task, int rounds) {
  int sum = 0;
  for (int i = 0; i < rounds; ++i) {
    MM_ASYNC_SPAN_DYN_VAR(span, name(task, "leaf"));
    co_await yield();
    span.set("task"_k = task);
    MM_ASYNC_SPAN_DYN_VAR(after, name(task, "after"));
    sum += i;
  }
  co_return sum;
}

// Two tasks meet: the first one waits, the second one wakes it, perhaps right here.
class Meeting {
 public:
  awaitable<void> meet() {
    return net::async_initiate<const net::use_awaitable_t<>, void()>(
        [this](auto handler) {
          const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          std::function<void()> mine = [shared] {
            net::dispatch(net::get_associated_executor(*shared),
                          [shared] { std::move (*shared)(); });
          };
          std::function<void()> other;
          {
            const std::lock_guard lock(mutex_);
            std::swap(other, waits_);
            if (!other) waits_ = mine;
          }
          if (!other) return;
          other();
          mine();
        },
        use_awaitable);
  }

 private:
  std::mutex mutex_;
  std::function<void()> waits_;
};
Meeting g_meeting;

awaitable<void> session(int task) {
  MM_ASYNC_SPAN_DYN_VAR(guard, name(task, "guard"));
  const std::uint64_t mine = current_span_id();
  for (int round = 0; round < 2; ++round) {
    const int sum = co_await MM_ASYNC_SPAN_DYN(name(task, "query"), leaf(task, 3));
    EXPECT_EQ(sum, 3);
    EXPECT_EQ(current_span_id(), mine);
    co_await yield();
    EXPECT_EQ(current_span_id(), mine);
  }
  if (task % 2 == 0) {  // those under an executor of ours
    co_await g_meeting.meet();
    EXPECT_EQ(current_span_id(), mine);
    MM_ASYNC_SPAN_DYN_VAR(met, name(task, "met"));
  }
  // Two at once, interleaved with each other and all the rest.
  co_await (MM_ASYNC_SPAN_DYN(name(task, "left"), leaf(task, 2)) &&
            MM_ASYNC_SPAN_DYN(name(task, "right"), leaf(task, 2)));
  EXPECT_EQ(current_span_id(), mine);
  // On the same executor by the library's own co_spawn: the context comes along.
  co_await net::co_spawn(co_await net::this_coro::executor, leaf(task, 1), use_awaitable);
  net::steady_timer timer(co_await net::this_coro::executor);
  timer.expires_after(std::chrono::microseconds(task % 700));
  co_await MM_ASYNC_SPAN_DYN(name(task, "timer"), timer.async_wait(use_awaitable));
  EXPECT_EQ(current_span_id(), mine);
}

TEST_F(AsioTest, NoParentIsAnotherTasks) {
  start();
  constexpr int kTasks = 1500;
  // Half of them under plain co_spawn, in between.
  for (int task = 0; task < kTasks; ++task) {
    awaitable<void> root = MM_ASYNC_SPAN_DYN(name(task, "root"), session(task));
    if (task % 2 == 0) {
      spawn(std::move(root));
    } else {
      net::co_spawn(context_, std::move(root), net::detached);
    }
  }
  run(4);
  const auto spans = by_id();
  std::map<std::string, int> whats;
  for (const auto& [id, span] : spans) {
    const std::string& full = span.begin.name;
    const std::string task = full.substr(0, full.find(' '));
    const std::string what = full.substr(full.find(' ') + 1);
    ++whats[what];
    if (what == "root") {
      EXPECT_EQ(span.begin.parent, 0u);
      EXPECT_EQ(span.begin.depth, 0u);
      continue;
    }
    const auto parent = spans.find(span.begin.parent);
    ASSERT_NE(parent, spans.end()) << full;
    const std::string& above = parent->second.begin.name;
    EXPECT_EQ(above.substr(0, above.find(' ')), task) << full << " under " << above;
    const std::string over = above.substr(above.find(' ') + 1);
    if (what == "leaf" || what == "after") {
      EXPECT_TRUE(over == "query" || over == "left" || over == "right" || over == "root") << over;
    } else {
      EXPECT_EQ(over, "root") << full;
    }
    EXPECT_EQ(span.begin.depth, parent->second.begin.depth + 1);
    EXPECT_EQ(span.end.properties.count("micromegas.end"), 0u);
  }
  EXPECT_EQ(whats, (std::map<std::string, int>{{"root", kTasks},
                                               {"guard", kTasks},
                                               {"met", kTasks / 2},
                                               {"query", 2 * kTasks},
                                               {"left", kTasks},
                                               {"right", kTasks},
                                               {"timer", kTasks},
                                               {"leaf", 11 * kTasks},
                                               {"after", 11 * kTasks}}));
}

// --- what co_await gives ---

TEST_F(AsioTest, WhatIsAwaitedGivesItsResult) {
  start();
  const auto number = []() -> awaitable<std::unique_ptr<int>> {
    co_await yield();
    co_return std::make_unique<int>(5);
  };
  struct NoDefault {
    explicit NoDefault(int i) : value(i) {}
    int value;
  };
  const auto no_default = []() -> awaitable<NoDefault> { co_return NoDefault(7); };
  int result = 0;
  const auto all = [&]() -> awaitable<void> {
    result += *co_await MM_ASYNC_SPAN("unique", number());
    NoDefault seven = co_await MM_ASYNC_SPAN("no default", no_default());
    result += seven.value;
    co_await MM_ASYNC_SPAN("void", yield());
  };
  spawn(all());
  run();
  EXPECT_EQ(result, 12);
  EXPECT_EQ(by_name().size(), 3u);
}

#if defined(TEST_BOOST_ASIO)
TEST_F(AsioTest, AnAsynchronousOperationIsAwaitedToo) {
  start();
  int done = 0;
  const auto task = [&]() -> awaitable<void> {
    net::steady_timer timer(co_await net::this_coro::executor, 1ms);
    co_await MM_ASYNC_SPAN("timer", timer.async_wait(net::deferred), "a"_k = 1);
    auto again = timer.async_wait(net::deferred);
    co_await MM_ASYNC_SPAN("again", again);
    ++done;
    net::cancellation_signal signal;
    timer.expires_after(1h);
    net::post(timer.get_executor(), [&] { timer.cancel(); });
    try {
      co_await MM_ASYNC_SPAN("cancelled", timer.async_wait(net::deferred));
    } catch (const system_error&) {
      ++done;
    }
  };
  spawn(task());
  run();
  EXPECT_EQ(done, 2);
  const auto spans = by_name();
  EXPECT_EQ(spans.at("timer").end.properties, (Map{{"a", "1"}}));
  EXPECT_EQ(spans.at("again").end.properties, Map{});
  EXPECT_EQ(spans.at("cancelled").end.properties, (Map{{"micromegas.end", "cancelled"}}));
}
#endif

TEST_F(AsioTest, OffItIsWhatIsAwaited) {
  pipeline::SessionOptions options;
  options.filters.spans = false;
  start(std::move(options));
  int evaluated = 0;
  const auto task = [&]() -> awaitable<void> {
    co_await MM_ASYNC_SPAN("off", yield(), "count"_k = ++evaluated);
    EXPECT_EQ(current_span_id(), 0u);
  };
  spawn(task());
  run();
  EXPECT_EQ(evaluated, 0);
  EXPECT_TRUE(by_id().empty());
}

TEST_F(AsioTest, PropertiesAreSetFromInside) {
  start();
  const auto inner = []() -> awaitable<void> {
    current_span().set("rows"_k = 1);
    co_await yield();
    current_span().set("rows"_k = 2, "late"_k = "yes");
    const auto bound = bind_span_context([] { current_span().set("thread"_k = true); });
    std::thread(bound).join();
  };
  const auto outer = [&]() -> awaitable<void> {
    co_await MM_ASYNC_SPAN("query", inner(), "sql"_k = "select");
    current_span().set("nobody"_k = 1);
  };
  spawn(outer());
  run();
  EXPECT_EQ(by_name().at("query").end.properties,
            (Map{{"sql", "select"}, {"rows", "2"}, {"late", "yes"}, {"thread", "true"}}));
}

TEST_F(AsioTest, ADetachedTaskMayOutliveItsParent) {
  start();
  const auto child = []() -> awaitable<void> {
    for (int i = 0; i < 10; ++i) co_await yield();
    MM_ASYNC_SPAN_VAR(span, "child");
    current_span().set("too late"_k = 1);
  };
  const auto parent = [&]() -> awaitable<void> {
    micromegas::co_spawn(co_await net::this_coro::executor, child(), net::detached);
  };
  spawn(MM_ASYNC_SPAN("parent", parent()));
  run();
  const auto spans = by_name();
  EXPECT_EQ(spans.at("child").begin.parent, spans.at("parent").begin.id);
  EXPECT_EQ(spans.at("parent").end.properties, Map{});
}

// --- ends ---

TEST_F(AsioTest, AnExceptionEndsEverySpanThatItLeaves) {
  start();
  const auto fails = [](bool late) -> awaitable<int> {
    MM_ASYNC_SPAN_DYN_VAR(guard, late ? "late guard" : "guard");
    if (late) co_await yield();
    throw std::runtime_error("bad");
  };
  std::string what;
  const auto all = [&]() -> awaitable<void> {
    for (const bool late : {false, true}) {
      try {
        co_await MM_ASYNC_SPAN_DYN(late ? "late" : "early", fails(late));
      } catch (const std::runtime_error& error) {
        what += error.what();
      }
      EXPECT_EQ(current_span_id(), 0u);
    }
    co_await MM_ASYNC_SPAN("next", yield());
  };
  spawn(all());
  run();
  EXPECT_EQ(what, "badbad");
  const auto spans = by_name();
  const Map exception{{"micromegas.end", "exception"}};
  EXPECT_EQ(spans.at("early").end.properties, exception);
  EXPECT_EQ(spans.at("late").end.properties, exception);
  EXPECT_EQ(spans.at("guard").end.properties, exception);
  EXPECT_EQ(spans.at("next").begin.parent, 0u);
}

awaitable<void> wait_long() {
  net::steady_timer timer(co_await net::this_coro::executor, 1h);
  co_await timer.async_wait(use_awaitable);
}

TEST_F(AsioTest, CancellationReachesWhatIsAwaitedAndIsTold) {
  start();
  net::cancellation_signal signal;
  std::exception_ptr failure;
  const auto inner = []() -> awaitable<void> {
    co_await MM_ASYNC_SPAN("inner", wait_long(), "a"_k = 1);
  };
  micromegas::co_spawn(
      context_, [&]() -> awaitable<void> { co_await MM_ASYNC_SPAN("outer", inner()); },
      net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { failure = e; }));
  net::post(context_, [&] { signal.emit(net::cancellation_type::terminal); });
  // The loser of two.
  const auto race = []() -> awaitable<void> {
    co_await (MM_ASYNC_SPAN("loser", wait_long()) || MM_ASYNC_SPAN("winner", yield()));
  };
  spawn(race());
  run();  // one thread: a signal is emitted where its coroutine runs
  EXPECT_TRUE(failure != nullptr);
  const auto spans = by_name();
  const Map cancelled{{"micromegas.end", "cancelled"}};
  EXPECT_EQ(spans.at("inner").end.properties, (Map{{"a", "1"}, {"micromegas.end", "cancelled"}}));
  EXPECT_EQ(spans.at("outer").end.properties, cancelled);
  EXPECT_EQ(spans.at("loser").end.properties, cancelled);
  EXPECT_EQ(spans.at("winner").end.properties, Map{});
}

TEST_F(AsioTest, TheCallersChoicesOfCancellationHold) {
  start();
  net::cancellation_signal signal;
  int came_to_the_end = 0;
  const auto inner = [&]() -> awaitable<void> {
    net::steady_timer timer(co_await net::this_coro::executor, 1h);
    error_code ec;
    co_await timer.async_wait(net::redirect_error(use_awaitable, ec));
    EXPECT_EQ(ec, net::error::operation_aborted);
    co_await yield();  // does not throw
    ++came_to_the_end;
  };
  micromegas::co_spawn(
      context_,
      [&]() -> awaitable<void> {
        co_await net::this_coro::reset_cancellation_state(net::enable_total_cancellation());
        co_await net::this_coro::throw_if_cancelled(false);
        co_await MM_ASYNC_SPAN("inner", inner());
        ++came_to_the_end;
      },
      net::bind_cancellation_slot(signal.slot(), net::detached));
  net::post(context_, [&] { signal.emit(net::cancellation_type::total); });
  run();
  EXPECT_EQ(came_to_the_end, 2);
  EXPECT_EQ(by_name().at("inner").end.properties, Map{});
}

TEST_F(AsioTest, WhatIsDestroyedWhileItWaitsEnds) {
  start();
  {
    net::io_context context;
    for (int i = 0; i < 3; ++i) {
      awaitable<void> task = [](int n) -> awaitable<void> {
        MM_ASYNC_SPAN_DYN_VAR(guard, name(n, "guard"));
        co_await MM_ASYNC_SPAN_DYN(name(n, "wait"), wait_long());
      }(i);
      i == 0 ? net::co_spawn(context, std::move(task), net::detached)
             : micromegas::co_spawn(context, std::move(task), net::detached);
    }
    // Never started.
    micromegas::co_spawn(context, MM_ASYNC_SPAN("not begun", wait_long()), net::detached);
    context.poll();
    awaitable<void> never = MM_ASYNC_SPAN("never awaited", wait_long());
  }
  const auto spans = by_name();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(spans.at(name(i, "wait")).end.properties, (Map{{"micromegas.end", "destroyed"}}));
    EXPECT_EQ(spans.at(name(i, "guard")).ends, 1);
  }
  EXPECT_EQ(spans.count("never awaited"), 0u);
}

TEST_F(AsioTest, FramesMayOutliveTelemetry) {
  auto context = std::make_unique<net::io_context>();
  start();
  for (int i = 0; i < 5; ++i) {
    micromegas::co_spawn(*context, MM_ASYNC_SPAN("wait", wait_long()), net::detached);
  }
  context->poll();
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  std::thread([&] { context.reset(); }).join();
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).recorded, 5u);
}

// --- thread spans where they do not belong ---

std::vector<std::string> g_said;

TEST_F(AsioTest, AThreadSpanThatIsHeldAcrossASuspensionIsReportedOnce) {
  g_said.clear();
  set_diagnostic_handler([](std::string_view line) { g_said.emplace_back(line); });
  start();
  const auto wrong = []() -> awaitable<void> {
    MM_SPAN("harmless");
    {
      MM_SPAN("held too long");
      co_await yield();
    }
    co_await yield();
  };
  const auto right = []() -> awaitable<void> {
    { MM_SPAN("before"); }
    co_await yield();
    { MM_SPAN("after"); }
  };
  for (int i = 0; i < 3; ++i) spawn(right());
  run();
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 0u);
  context_.restart();
  for (int i = 0; i < 3; ++i) spawn(wrong());
  run();
  set_diagnostic_handler(nullptr);
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 6u);
  ASSERT_EQ(g_said.size(), 2u);
  EXPECT_NE(g_said[0].find("\"harmless\" ("), std::string::npos) << g_said[0];
  EXPECT_NE(g_said[1].find("\"held too long\" ("), std::string::npos) << g_said[1];
  EXPECT_NE(g_said[1].find("spans_test.cc:"), std::string::npos) << g_said[1];
}

// --- executors and handlers ---

TEST_F(AsioTest, AnExecutorCarriesWhatWasCurrentWhenItWasMade) {
  start();
  std::vector<std::uint64_t> seen;
  const auto look = [&] { seen.push_back(current_span_id()); };
  std::uint64_t id = 0;
  {
    MM_ASYNC_SPAN_VAR(span, "span");
    id = span.id();
    const SpanContextScope scope(span.context());
    const auto executor = span_executor(context_.get_executor());
    net::post(executor, look);
    net::dispatch(executor, look);
    net::defer(executor, look);
    const net::any_io_executor any = span_executor(net::make_strand(context_));
    net::post(any, look);
    EXPECT_EQ(any, any);
    EXPECT_EQ(&net::query(executor, net::execution::context), &context_);
    net::post(context_, look);  // not carried
  }
  net::post(span_executor(context_.get_executor()), look);
  run();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{id, id, id, id, 0, 0}));
}

TEST_F(AsioTest, ABoundHandlerKeepsItsExecutor) {
  start();
  MM_ASYNC_SPAN_VAR(span, "span");
  auto strand = net::make_strand(context_);
  std::uint64_t seen = 0;
  bool in_strand = false;
  net::steady_timer timer(context_, 1ms);
  timer.async_wait(bind_span_context(span.context(), net::bind_executor(strand, [&](error_code) {
                                       seen = current_span_id();
                                       in_strand = strand.running_in_this_thread();
                                     })));
  net::cancellation_signal signal;
  error_code cancelled;
  net::steady_timer forever(context_, 1h);
  forever.async_wait(bind_span_context(
      net::bind_cancellation_slot(signal.slot(), [&](error_code ec) { cancelled = ec; })));
  net::post(context_, [&] { signal.emit(net::cancellation_type::all); });
  run();
  EXPECT_EQ(seen, span.id());
  EXPECT_TRUE(in_strand);
  EXPECT_EQ(cancelled, net::error::operation_aborted);
}

TEST_F(AsioTest, ACallerGoesOnWithWhatWasCurrentBeforeWhatItSpawned) {
  start();
  MM_ASYNC_SPAN_VAR(span, "span");
  std::vector<std::uint64_t> seen;
  const auto value = [&](bool fails) -> awaitable<int> {
    co_await yield();
    seen.push_back(current_span_id());
    if (fails) throw std::runtime_error("");
    co_return 1;
  };
  const auto caller = [&]() -> awaitable<void> {
    for (const bool fails : {false, true}) {
      const auto call = [&] {
        const SpanContextScope scope(span.context());
        return micromegas::co_spawn(context_, value(fails), use_awaitable);
      };
      try {
        EXPECT_EQ(co_await call(), 1);
      } catch (const std::runtime_error&) {
      }
      seen.push_back(current_span_id());
    }
  };
  net::co_spawn(context_, caller(), net::detached);
  run();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{span.id(), 0, span.id(), 0}));
}

TEST_F(AsioTest, UnderAPlainExecutorTheCallerGoesOnWithoutTheSpan) {
  start();
  std::vector<std::uint64_t> seen;
  const auto second = []() -> awaitable<void> {
    co_await yield();
    co_await MM_ASYNC_SPAN("nested", yield());
    MM_ASYNC_SPAN_VAR(span, "behind nested");
  };
  net::co_spawn(
      context_,
      [&]() -> awaitable<void> {
        seen.push_back(current_span_id());
        co_await MM_ASYNC_SPAN("first", yield());
        seen.push_back(current_span_id());
        co_await MM_ASYNC_SPAN("second", second());
        seen.push_back(current_span_id());
        co_await yield();
        seen.push_back(current_span_id());
      },
      net::detached);
  run();
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 0, 0, 0}));
  const auto spans = by_name();
  EXPECT_EQ(spans.at("second").begin.parent, 0u);
  EXPECT_EQ(spans.at("nested").begin.parent, spans.at("second").begin.id);
  EXPECT_EQ(spans.at("behind nested").begin.parent, spans.at("second").begin.id);
}

}  // namespace
}  // namespace micromegas
