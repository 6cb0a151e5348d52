// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Asynchronous spans begin and end once, with the same id, whatever becomes of what they measure.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using namespace literals;
using namespace std::chrono_literals;
using Map = std::map<std::string, std::string>;

// Suspends wherever it is told to; whoever holds it resumes it, on any thread, or destroys it.
struct Task {
  struct promise_type {
    Task get_return_object() {
      return Task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { exception = std::current_exception(); }
    std::exception_ptr exception;
  };

  explicit Task(std::coroutine_handle<promise_type> h) : handle(h) {}
  Task(Task&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle, other.handle);
    return *this;
  }
  ~Task() {
    if (handle) handle.destroy();
  }
  void resume() { handle.resume(); }
  void resume_elsewhere() {
    std::thread([this] { resume(); }).join();
  }

  std::coroutine_handle<promise_type> handle;
};

using suspend = std::suspend_always;

class AsyncSpanTest : public SessionTest {
 protected:
  struct Seen {
    testing_support::Span begin{};
    testing_support::Span end{};
    Uuid begun_on;
    Uuid ended_on;
    int begins = 0;
    int ends = 0;
  };
  // By name; each began and ended once, with the same ids.
  std::map<std::string, Seen> seen() {
    std::map<std::string, Seen> all;
    for (const auto& [stream, events] : flushed().spans) {
      for (const auto& event : events) {
        const bool begins = event.kind == SpanEvent::Kind::kAsyncBegin;
        if (!begins && event.kind != SpanEvent::Kind::kAsyncEnd) continue;
        Seen& span = all[event.name];
        if (begins) {
          span.begin = event;
          span.begun_on = stream;
          ++span.begins;
        } else {
          span.end = event;
          span.ended_on = stream;
          ++span.ends;
        }
      }
    }
    for (const auto& [name, span] : all) {
      EXPECT_EQ(span.begins, 1) << name;
      EXPECT_EQ(span.ends, 1) << name;
      EXPECT_EQ(span.begin.id, span.end.id) << name;
      EXPECT_EQ(span.begin.parent, span.end.parent) << name;
      EXPECT_EQ(span.begin.depth, span.end.depth) << name;
      EXPECT_LE(span.begin.time, span.end.time) << name;
      EXPECT_EQ(span.begin.properties, Map{}) << name;
    }
    return all;
  }
  std::uint64_t dropped(DropReason reason) {
    return of(pipeline::session_stats(), EventKind::kAsyncSpan)
        .dropped[static_cast<std::size_t>(reason)];
  }
};

Task function_span(SpanContext parent) {
  MM_ASYNC_SPAN_FN(parent, "size"_k = 7);
  co_await suspend();
}

TEST_F(AsyncSpanTest, BeginsOnOneThreadAndEndsOnAnother) {
  start();
  Task task = [](const char*) -> Task {
    MM_ASYNC_SPAN_VAR(outer, "outer");
    co_await suspend();
    Task inner = function_span(outer.context());
    inner.resume();
    co_await suspend();
    inner.resume();
  }("");
  task.resume();
  task.resume_elsewhere();
  task.resume_elsewhere();
  const auto spans = seen();
  ASSERT_EQ(spans.size(), 2u);
  const Seen& outer = spans.at("outer");
  const Seen& inner = spans.at("function_span");
  EXPECT_NE(outer.begun_on, outer.ended_on);
  EXPECT_NE(inner.begun_on, inner.ended_on);
  EXPECT_EQ(outer.begin.parent, 0u);
  EXPECT_EQ(outer.begin.depth, 0u);
  EXPECT_EQ(inner.begin.parent, outer.begin.id);
  EXPECT_EQ(inner.begin.depth, 1u);
  EXPECT_EQ(inner.end.properties, (Map{{"size", "7"}}));
}

TEST_F(AsyncSpanTest, PropertiesAreOfTheEndALaterWinsAndAPairBeatsASet) {
  start();
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}, {"codec", "of the set"}});
  {
    const std::string name = "name 1";
    MM_ASYNC_SPAN_DYN_VAR(span, name, "codec"_k = "opus", set);
    for (int i = 0; i < 1000; ++i) span.set("i"_k = i, "text"_k = std::string(20, 'x'));
    span.set("Codec"_k = "mp3");
    span.set(PropertySet::intern({{"first", "1"}}));
    span.set(PropertySet::intern({{"second", "2"}}));
    span.set("b"_k = true, "d"_k = 2.5, "none"_k = static_cast<const char*>(nullptr));
  }
  const auto spans = seen();
  EXPECT_EQ(spans.at("name 1").end.properties, (Map{{"Codec", "mp3"},
                                                    {"tenant", "acme"},
                                                    {"i", "999"},
                                                    {"text", std::string(20, 'x')},
                                                    {"b", "true"},
                                                    {"d", "2.5"},
                                                    {"none", "(null)"},
                                                    {"first", "1"},
                                                    {"second", "2"}}));
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

TEST_F(AsyncSpanTest, TooMuchIsCutOrLostAndCountedAndTheSpanIsWhole) {
  start();
  const std::string name = std::string(1024, 'n');
  {
    MM_ASYNC_SPAN_DYN_VAR(span, name + "cut");
    span.set("a"_k = std::string(1'000'000, 'a'));
    span.set("b"_k = std::string(100, 'b'));
    span.set("c"_k = 1);
  }
  const auto spans = seen();
  const Map& properties = spans.at(name).end.properties;
  EXPECT_GT(properties.at("a").size(), 14'000u);
  EXPECT_EQ(properties.count("b") + properties.count("c"), 0u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 2u);
  EXPECT_EQ(queue::Runtime::get().cut_texts(), 2u);
}

TEST_F(AsyncSpanTest, TheEndTellsThatItWasThrownThrough) {
  start();
  const auto throws = [](int how) -> Task {
    MM_ASYNC_SPAN_VAR(guard, "guard", "a"_k = 1);
    if (how == 1) throw std::runtime_error("here");
    struct Throws : std::suspend_never {
      void await_resume() { throw std::runtime_error("there"); }
    };
    co_await MM_ASYNC_SPAN("awaited", Throws(), "b"_k = 2);
  };
  Task task = throws(2);
  task.resume();
  EXPECT_TRUE(task.handle.promise().exception != nullptr);
  const auto spans = seen();
  EXPECT_EQ(spans.at("guard").end.properties, (Map{{"a", "1"}, {"micromegas.end", "exception"}}));
  EXPECT_EQ(spans.at("awaited").end.properties, (Map{{"b", "2"}, {"micromegas.end", "exception"}}));
}

TEST_F(AsyncSpanTest, ASpanOfADestructorThatAnExceptionRunsWasNotThrownThrough) {
  start();
  struct Cleanup {
    ~Cleanup() { MM_ASYNC_SPAN_VAR(span, "cleanup"); }
  };
  try {
    Cleanup cleanup;
    throw std::runtime_error("");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(seen().at("cleanup").end.properties, Map{});
}

TEST_F(AsyncSpanTest, AnAwaitedSpanBeginsWhenItIsAwaitedAndTellsThatItWasDestroyed) {
  start();
  const auto waits = []() -> Task {
    auto awaited = MM_ASYNC_SPAN("never awaited", suspend());
    co_await MM_ASYNC_SPAN("awaited", suspend());
    co_await MM_ASYNC_SPAN("destroyed", suspend());
  };
  {
    Task task = waits();
    task.resume();
    task.resume_elsewhere();
  }
  const auto spans = seen();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans.at("awaited").end.properties, Map{});
  EXPECT_EQ(spans.at("destroyed").end.properties, (Map{{"micromegas.end", "destroyed"}}));
}

TEST_F(AsyncSpanTest, WhatIsAwaitedGivesItsResult) {
  start();
  struct Value : std::suspend_never {
    std::unique_ptr<int> await_resume() { return std::make_unique<int>(5); }
  };
  struct Member {
    Value operator co_await() && { return {}; }
  };
  int sum = 0;
  Task task = [](int& s) -> Task {
    Value value;
    s += *co_await MM_ASYNC_SPAN("lvalue", value);
    s += *co_await MM_ASYNC_SPAN("rvalue", Value());
    s += *co_await MM_ASYNC_SPAN_DYN(std::string("member"), Member());
  }(sum);
  task.resume();
  EXPECT_EQ(sum, 15);
  EXPECT_EQ(seen().size(), 3u);
}

TEST_F(AsyncSpanTest, ArgumentsOfAGuardMayBeAwaited) {
  pipeline::SessionOptions options;
  options.filters.spans = false;
  start(std::move(options));
  int awaited = 0;
  const auto body = [](int& n) -> Task {
    MM_ASYNC_SPAN_VAR(plain, "plain", "k"_k = (co_await suspend(), ++n, std::string(300, 'x')));
    MM_ASYNC_SPAN_DYN_VAR(named, (co_await suspend(), std::string("named")), "n"_k = ++n);
    MM_ASYNC_SPAN_FN("k"_k = (co_await suspend(), std::string(300, 'y')), "n"_k = ++n);
    co_await suspend();
  };
  Task off = body(awaited);
  off.resume();
  EXPECT_EQ(awaited, 0);
  queue::Runtime::get().change_filters([](queue::Filters& f) { f.spans = true; });
  Task task = body(awaited);
  for (int i = 0; i < 4; ++i) task.resume();
  const auto before = flushed().span_events();
  task.resume_elsewhere();
  EXPECT_TRUE(task.handle.done());
  const auto spans = seen();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(before, 3u);  // no end before the body's
  EXPECT_EQ(spans.at("plain").end.properties, (Map{{"k", std::string(300, 'x')}}));
  EXPECT_EQ(spans.at("named").end.properties, (Map{{"n", "2"}}));
  EXPECT_EQ(spans.at("operator()").end.properties, (Map{{"k", std::string(300, 'y')}, {"n", "3"}}));
}

TEST_F(AsyncSpanTest, ArgumentsAreEvaluatedFromLeftToRight) {
  start();
  std::string order;
  Task task = [](std::string& o) -> Task {
    const auto step = [&o](std::string what) {
      o += what + " ";
      return what;
    };
    co_await MM_ASYNC_SPAN("span", (step("awaitable"), std::suspend_never()), "a"_k = step("a"),
                           "b"_k = step("b"));
    co_await MM_ASYNC_SPAN_DYN(step("name"), (step("awaitable"), std::suspend_never()),
                               "a"_k = step("a"), "b"_k = step("b"));
  }(order);
  task.resume();
  EXPECT_EQ(order, "awaitable a b name awaitable a b ");
  const auto spans = seen();
  EXPECT_EQ(spans.at("span").end.properties, (Map{{"a", "a"}, {"b", "b"}}));
  EXPECT_EQ(spans.at("name").end.properties, (Map{{"a", "a"}, {"b", "b"}}));
}

// An expression's span is made in a lambda with g++.
AsyncSpan in_a_function() { return MM_BEGIN_ASYNC_SPAN("begun"); }
template <class T>
Task in_a_coroutine(T value) {
  co_await MM_ASYNC_SPAN("awaited", suspend(), "value"_k = value);
  co_await MM_ASYNC_SPAN_DYN(std::string("named"), suspend());
}

TEST_F(AsyncSpanTest, TheFunctionIsTheOneThatItStandsIn) {
  start();
  in_a_function().end();
  Task task = in_a_coroutine(1);
  for (int i = 0; i < 3; ++i) task.resume();
  const auto spans = seen();
  EXPECT_EQ(spans.at("begun").begin.function, "in_a_function");
  EXPECT_EQ(spans.at("awaited").begin.function, "in_a_coroutine");
  EXPECT_EQ(spans.at("named").begin.function, "in_a_coroutine");
}

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wshadow"
Task nests() {
  AsyncSpan outer = MM_BEGIN_ASYNC_SPAN("outer", MM_BEGIN_ASYNC_SPAN("inner").context());
  MM_ASYNC_SPAN_FN();
  {
    MM_ASYNC_SPAN_FN();
    MM_SPAN("thread's");
    { MM_SPAN("thread's"); }
    co_await MM_ASYNC_SPAN_DYN("around", MM_ASYNC_SPAN_DYN("inside", std::suspend_never()),
                               MM_BEGIN_ASYNC_SPAN_DYN("parent").context());
  }
}
#pragma GCC diagnostic pop

TEST_F(AsyncSpanTest, MacrosMayStandInMacros) {
  start();
  Task task = nests();
  task.resume();
  EXPECT_TRUE(task.handle.done());
  EXPECT_EQ(flushed().span_events(), 7u * 2 + 4);
}

TEST_F(AsyncSpanTest, WhatThrowsInsteadOfWaitingWasNotDestroyed) {
  start();
  struct NotReady : suspend {
    bool await_ready() { throw std::runtime_error("ready"); }
  };
  struct DoesNotSuspend : suspend {
    void await_suspend(std::coroutine_handle<> /*handle*/) { throw std::runtime_error("suspend"); }
  };
  std::string what;
  Task task = [](std::string& w) -> Task {
    try {
      co_await MM_ASYNC_SPAN("ready", NotReady());
    } catch (const std::runtime_error& error) {
      w += error.what();
    }
    try {
      co_await MM_ASYNC_SPAN("suspend", DoesNotSuspend());
    } catch (const std::runtime_error& error) {
      w += error.what();
    }
  }(what);
  task.resume();
  EXPECT_EQ(what, "readysuspend");
  const auto spans = seen();
  EXPECT_EQ(spans.at("ready").end.properties, (Map{{"micromegas.end", "exception"}}));
  EXPECT_EQ(spans.at("suspend").end.properties, (Map{{"micromegas.end", "exception"}}));
}

TEST_F(AsyncSpanTest, AThreadsFirstEventMayBeAnEndByException) {
  start();
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN("moved");
  std::thread([&span] {
    try {
      const AsyncSpan own = std::move(span);
      throw std::runtime_error("lost");
    } catch (const std::runtime_error&) {
    }
  }).join();
  EXPECT_EQ(seen().at("moved").end.properties, (Map{{"micromegas.end", "exception"}}));
}

TEST_F(AsyncSpanTest, ASpanInsideOfAnUnwindingIsNotEndedByIt) {
  start();
  struct CleansUp {
    ~CleansUp() { MM_ASYNC_SPAN_VAR(span, "clean up"); }
  };
  std::thread([] {
    try {
      const CleansUp cleans_up;
      MM_ASYNC_SPAN_VAR(span, "around");
      throw std::runtime_error("lost");
    } catch (const std::runtime_error&) {
    }
  }).join();
  const auto spans = seen();
  EXPECT_EQ(spans.at("clean up").end.properties, Map());
  EXPECT_EQ(spans.at("around").end.properties, (Map{{"micromegas.end", "exception"}}));
}

TEST_F(AsyncSpanTest, AValueForWhichThereIsNoRoomDoesNotTakeTheOldOneAlong) {
  start();
  {
    MM_ASYNC_SPAN_VAR(span, "span", "n"_k = 1, "m"_k = 2.5);
    span.set("n"_k = 1);
    span.set("s"_k = std::string());
    span.set("all the room"_k = std::string(1'000'000, 'a'));
    span.set("n"_k = 2);
    span.set("s"_k = std::string("no room"));
  }
  const Map properties = seen().at("span").end.properties;
  EXPECT_EQ(properties.at("n"), "2");
  EXPECT_EQ(properties.at("m"), "2.5");
  EXPECT_EQ(properties.count("s"), 1u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
}

TEST_F(AsyncSpanTest, FramesMayBeDestroyedInAnyOrderOnAnyThread) {
  start();
  const auto body = [](int i) -> Task {
    MM_ASYNC_SPAN_DYN_VAR(span, "task " + std::to_string(i), "i"_k = i);
    co_await MM_ASYNC_SPAN_DYN("wait " + std::to_string(i), suspend(), span.context());
    span.set("late"_k = i);
    co_await suspend();
  };
  constexpr int kTasks = 500;
  std::vector<Task> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(body(i));
  const auto on_two_threads = [&](auto what) {
    std::thread even([&] {
      for (std::size_t i = 0; i < tasks.size(); i += 2) what(tasks[i]);
    });
    for (std::size_t i = 1; i < tasks.size(); i += 2) what(tasks[i]);
    even.join();
  };
  on_two_threads([](Task& task) { task.resume(); });
  std::rotate(tasks.begin(), tasks.begin() + 123, tasks.end());
  for (std::size_t i = 0; i < tasks.size(); i += 3) tasks[i].resume();
  std::rotate(tasks.begin(), tasks.begin() + 77, tasks.end());
  on_two_threads([](Task& task) { const Task gone = std::move(task); });
  const auto spans = seen();
  EXPECT_EQ(spans.size(), 2u * kTasks);
  std::set<std::uint64_t> ids;
  int destroyed = 0;
  for (int i = 0; i < kTasks; ++i) {
    const Seen& task = spans.at("task " + std::to_string(i));
    const Seen& wait = spans.at("wait " + std::to_string(i));
    EXPECT_EQ(wait.begin.parent, task.begin.id);
    ids.insert({task.begin.id, wait.begin.id});
    destroyed += wait.end.properties == Map{{"micromegas.end", "destroyed"}} ? 1 : 0;
    EXPECT_EQ(task.end.properties.at("i"), std::to_string(i));
  }
  EXPECT_EQ(ids.size(), 2u * kTasks);
  EXPECT_EQ(destroyed, kTasks - (kTasks + 2) / 3);
}

TEST_F(AsyncSpanTest, ASecondEndIsIgnoredAndCounted) {
  start();
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN("span", "a"_k = 1);
  EXPECT_NE(span.id(), 0u);
  AsyncSpan moved = std::move(span);
  span.end();  // NOLINT(bugprone-use-after-move): it is of no span
  moved.set("b"_k = 2);
  moved.end();
  EXPECT_EQ(moved.id(), 0u);
  moved.set("c"_k = 3);
  moved.end();
  moved.end();
  AsyncSpan other = MM_BEGIN_ASYNC_SPAN_DYN(std::string("other"));
  other = MM_BEGIN_ASYNC_SPAN_T("target", "third");  // ends the one it was
  AsyncSpan none;
  none.end();
  other.end();
  const auto spans = seen();
  EXPECT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans.at("span").end.properties, (Map{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(dropped(DropReason::kInvalid), 2u);
}

TEST_F(AsyncSpanTest, IdsAreUniqueOverAllThreads) {
  start();
  constexpr std::size_t kSpans = 5000;
  std::vector<std::vector<std::uint64_t>> ids(4);
  std::vector<std::thread> threads;
  for (auto& mine : ids) {
    threads.emplace_back([&mine] {
      for (std::size_t i = 0; i < kSpans; ++i) {
        MM_ASYNC_SPAN_VAR(span, "span");
        mine.push_back(span.id());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::uint64_t> all;
  for (const auto& mine : ids) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 4 * kSpans);
  EXPECT_EQ(all.count(0), 0u);
}

TEST_F(AsyncSpanTest, OffNothingIsEvaluatedAndNothingEnds) {
  pipeline::SessionOptions options;
  options.filters.spans = false;
  start(std::move(options));
  int evaluated = 0;
  const auto count = [&] { return ++evaluated; };
  const auto set_spans = [](bool on) {
    queue::Runtime::get().change_filters([on](queue::Filters& f) { f.spans = on; });
  };
  {
    MM_ASYNC_SPAN_VAR(span, "off", "a"_k = count());
    AsyncSpan begun = MM_BEGIN_ASYNC_SPAN("off too", "a"_k = count());
    Task task = [](auto counts) -> Task {
      co_await MM_ASYNC_SPAN("off as well", std::suspend_never(), "a"_k = counts());
    }(count);
    task.resume();
    EXPECT_TRUE(task.handle.done());
    set_spans(true);
    span.set("b"_k = 1);
    begun.end();
  }
  EXPECT_EQ(evaluated, 0);
  {
    MM_ASYNC_SPAN_VAR(span, "on", "a"_k = count());
    set_spans(false);
  }
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(AsyncSpanTest, WhatBeganInAnEndedTelemetryDoesNotEndInTheNext) {
  start();
  AsyncSpan old = MM_BEGIN_ASYNC_SPAN("old", "a"_k = 1);
  AsyncSpan late = MM_BEGIN_ASYNC_SPAN("late");
  const SpanContext context = old.context();
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  late.end();
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  old.set("b"_k = 2);
  old.end();
  { MM_ASYNC_SPAN_VAR(span, "new", context); }
  const auto spans = seen();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans.at("new").begin.parent, 0u);
}

TEST_F(AsyncSpanTest, WhatWasPreparedInAnEndedTelemetryDoesNotBeginInTheNext) {
  start();
  const auto body = [](SpanContext parent) -> Task {
    auto awaited = MM_ASYNC_SPAN("prepared", suspend(), parent, "a"_k = std::string(200, 'x'));
    co_await suspend();
    co_await std::move(awaited);
  };
  AsyncSpan parent = MM_BEGIN_ASYNC_SPAN("parent");
  Task ended = body(parent.context());
  Task restarted = body(parent.context());
  ended.resume();
  restarted.resume();
  parent.end();
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  ended.resume();
  ended.resume();
  EXPECT_TRUE(ended.handle.done());
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).recorded, 2u);
  sink_ = std::make_shared<testing_support::RecordingSink>();
  start();
  restarted.resume();
  restarted.resume();
  EXPECT_TRUE(restarted.handle.done());
  EXPECT_TRUE(seen().empty());
}

TEST_F(AsyncSpanTest, FramesMayOutliveTelemetry) {
  start();
  std::vector<Task> tasks;
  for (int i = 0; i < 10; ++i) {
    tasks.push_back([]() -> Task {
      MM_ASYNC_SPAN_FN("a"_k = std::string(200, 'x'));
      co_await MM_ASYNC_SPAN("wait", suspend());
    }());
    tasks.back().resume();
  }
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  tasks[3].resume();
  tasks.erase(tasks.begin() + 5);
  std::thread([&] { tasks.clear(); }).join();
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).recorded, 20u);
}

TEST_F(AsyncSpanTest, AForkedChildEndsNothingOfItsParents) {
  start();
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN("parent's");
  const int status = testing::run_child([&] {
    auto own = std::make_shared<testing_support::RecordingSink>();
    pipeline::SessionOptions options;
    options.sink = own;
    options.process.process_id = Uuid::random();
    if (!pipeline::start_session(std::move(options))) _exit(1);
    { AsyncSpan mine = MM_BEGIN_ASYNC_SPAN("child's", span.context()); }
    span.end();
    if (!pipeline::flush_session(in(10s))) _exit(2);
    if (own->recorded().span_events() != 2) _exit(3);
    for (const auto& [stream, events] : own->recorded().spans) {
      if (events[0].parent != 0) _exit(4);
    }
    _exit(pipeline::stop_session(0, in(10s)) ? 0 : 5);
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
  span.end();
  EXPECT_EQ(seen().size(), 1u);
}

// Its arguments are not evaluated, a parent neither.
TEST_F(AsyncSpanTest, WhatAFilterLeavesOutLeavesThePlaceOfItsChildrenToTheCurrentSpan) {
  pipeline::SessionOptions options;
  options.filters.max_verbosity = VerbosityFilter::kMed;
  start(std::move(options));
  AsyncSpan current = MM_BEGIN_ASYNC_SPAN_V(kMin, "current");
  AsyncSpan other = MM_BEGIN_ASYNC_SPAN_V(kMin, "other");
  {
    const SpanContextScope scope(current.context());
    MM_ASYNC_SPAN_VAR_V(kMax, plain, "plain");
    EXPECT_EQ(plain.id(), 0u);
    MM_ASYNC_SPAN_VAR_V(kMin, below, "below", plain.context());
    bool evaluated = false;
    MM_ASYNC_SPAN_VAR_V(kMax, given, "given", (evaluated = true, other.context()));
    EXPECT_FALSE(evaluated);
    AsyncSpan moved = std::move(given);
    MM_ASYNC_SPAN_DYN_VAR_V(kMin, below_given, std::string("below given"), moved.context());
    below_given.end();
    EXPECT_EQ(below_given.context().span_id, 0u);
  }
  MM_ASYNC_SPAN_VAR_V(kMax, nowhere, "nowhere");
  EXPECT_EQ(nowhere.context().span_id, 0u);
  const std::uint64_t id = current.id();
  current.end();
  other.end();
  const auto spans = seen();
  EXPECT_EQ(spans.size(), 4u);
  for (const char* name : {"below", "below given"}) {
    EXPECT_EQ(spans.at(name).begin.parent, id) << name;
    EXPECT_EQ(spans.at(name).begin.depth, 1u) << name;
  }
}

// --- without room ---

// Holds the actor at the first block of logs until it is opened.
class HoldingSink : public testing_support::RecordingSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    entered_ = true;
    entered_.notify_all();
    open_.wait(false);
    RecordingSink::on_process_log_block(std::move(block));
  }
  void wait_until_entered() { entered_.wait(false); }
  void open() {
    open_ = true;
    open_.notify_all();
  }

 private:
  std::atomic<bool> entered_{false};
  std::atomic<bool> open_{false};
};

class FullQueueTest : public AsyncSpanTest {
 protected:
  FullQueueTest() { sink_ = holder_; }
  // The actor is held, and there is no room for another span.
  void fill() {
    for (int i = 0; i < 50'000; ++i) {
      MM_SPAN("filler");
    }
  }
  void hold() {
    pipeline::SessionOptions options;
    options.queue_bytes = 8 * queue::kSegmentBytes;
    options.flush.period = 1ms;
    start(std::move(options));
    MM_INFO("into the sink");
    holder_->wait_until_entered();
  }
  void TearDown() override {
    holder_->open();
    AsyncSpanTest::TearDown();
  }
  std::shared_ptr<HoldingSink> holder_ = std::make_shared<HoldingSink>();
};

TEST_F(FullQueueTest, AnEndThatHasNoRoomIsKept) {
  hold();
  std::vector<AsyncSpan> spans;
  for (int i = 0; i < 100; ++i) {
    spans.push_back(MM_BEGIN_ASYNC_SPAN_DYN(std::to_string(i), "i"_k = i));
  }
  fill();
  spans.resize(50);
  std::thread([&] { spans.clear(); }).join();
  holder_->open();
  int ends = 0;
  for (const auto& [stream, events] : flushed().spans) {
    for (const auto& event : events) {
      if (event.kind != SpanEvent::Kind::kAsyncEnd) continue;
      ++ends;
      EXPECT_EQ(event.properties, (Map{{"i", event.name}}));
    }
  }
  EXPECT_EQ(ends, 100);
  EXPECT_EQ(dropped(DropReason::kQueueFull), 0u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

TEST_F(FullQueueTest, MoreThanCanBeKeptIsDroppedAndCountedWithItsProperties) {
  hold();
  std::vector<AsyncSpan> spans;
  for (int i = 0; i < 100; ++i) {
    spans.push_back(MM_BEGIN_ASYNC_SPAN("large", "text"_k = std::string(16'000, 'x')));
  }
  fill();
  spans.clear();
  const std::uint64_t lost = dropped(DropReason::kQueueFull);
  EXPECT_GT(lost, 10u);
  EXPECT_LT(lost, 50u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), lost);
}

// What is inside keeps its place in the tree: below the parent.
TEST_F(FullQueueTest, WithoutRoomForABeginItsParentStandsForTheSpan) {
  hold();
  AsyncSpan root = MM_BEGIN_ASYNC_SPAN("root");
  AsyncSpan parent = MM_BEGIN_ASYNC_SPAN("parent", root.context());
  fill();
  const auto expect_parent = [&](const SpanContext& context) {
    EXPECT_EQ(context.span_id, parent.id());
    EXPECT_EQ(context.depth, 1u);
    EXPECT_EQ(context.if_alive().span_id, parent.id());
  };
  AsyncSpan lost = MM_BEGIN_ASYNC_SPAN("lost", parent.context());
  ASSERT_EQ(lost.id(), 0u);
  expect_parent(lost.context());
  const AsyncSpan moved = std::move(lost);
  expect_parent(moved.context());
  AsyncSpan lost_root = MM_BEGIN_ASYNC_SPAN("lost root", SpanContext());
  EXPECT_EQ(lost_root.context().span_id, 0u);

  static constinit SpanMetadata site{.name = "awaited"};
  AsyncSpan awaited;
  awaited.open(AsyncSpan::Later(), site, parent.context());
  const detail::SpanCarrierRef carrier(detail::SpanCarrier::make(std::move(awaited)));
  {
    const detail::CarrierScope scope(carrier.get());
    expect_parent(current_span_context());
    EXPECT_FALSE(current_span().takes_properties());
  }
  carrier->finish({});
}

// Those of dispatch.h, of which the caller keeps only the id.
TEST_F(FullQueueTest, WhatDispatchBeginsEndsAndNothingElse) {
  static constinit SpanMetadata plain{.name = "plain"};
  static constinit SpanLocation place{};
  const PropertySet& set = PropertySet::intern({{"set", "1"}});
  const Property pair{"pair", "2"};
  const std::string large(10'000, 'x');
  const Property large_pair{"large", large};
  hold();
  const std::uint64_t first = dispatch::on_begin_async_scope(plain, 0, 0);
  const std::uint64_t named = dispatch::on_begin_async_named_scope(place, "named", first, 1);
  const std::uint64_t big = dispatch::on_begin_async_named_scope(place, "big", first, 1);
  fill();
  const std::uint64_t dropped_begin = dispatch::on_begin_async_named_scope(place, "late", 0, 0);
  EXPECT_EQ(dropped(DropReason::kQueueFull), 2u);
  dispatch::on_end_async_named_scope_tagged(big, first, place, "big", 1, set, {&large_pair, 1});
  dispatch::on_end_async_named_scope_tagged(named, first, place, "named", 1, set, {&pair, 1});
  dispatch::on_end_async_scope(first, 0, plain, 0);
  holder_->open();
  flushed();
  dispatch::on_end_async_named_scope(dropped_begin, 0, place, "late", 0);
  const auto spans = seen();
  EXPECT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans.at("named").end.properties, (Map{{"set", "1"}, {"pair", "2"}}));
  EXPECT_EQ(spans.at("big").end.properties, (Map{{"set", "1"}, {"large", large}}));
  EXPECT_EQ(spans.at("plain").end.id, first);
  EXPECT_EQ(of(pipeline::session_stats(), EventKind::kAsyncSpan).dropped_total(), 2u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 0u);
}

// --- the current span ---

TEST_F(AsyncSpanTest, ASpanIsCurrentToTheEndOfItsScopeOnly) {
  start();
  EXPECT_EQ(current_span_id(), 0u);
  {
    MM_ASYNC_SPAN_VAR(outer, "outer");
    EXPECT_EQ(current_span_id(), 0u);  // a guard is not current by itself
    {
      const SpanContextScope scope(outer.context());
      EXPECT_EQ(current_span_id(), outer.id());
      MM_ASYNC_SPAN_VAR(inner, "inner");
      {
        const SpanContextScope nested(inner.context());
        EXPECT_EQ(current_span_id(), inner.id());
        MM_ASYNC_SPAN_VAR(innermost, "innermost");
        const SpanContextScope nothing{SpanContext()};
        MM_ASYNC_SPAN_VAR(root, "root");
      }
      EXPECT_EQ(current_span_id(), outer.id());
      try {
        const SpanContextScope nested(inner.context());
        throw 1;
      } catch (int) {
      }
      EXPECT_EQ(current_span_id(), outer.id());
    }
    EXPECT_EQ(current_span_id(), 0u);
  }
  const auto spans = seen();
  EXPECT_EQ(spans.at("inner").begin.parent, spans.at("outer").begin.id);
  EXPECT_EQ(spans.at("innermost").begin.parent, spans.at("inner").begin.id);
  EXPECT_EQ(spans.at("innermost").begin.depth, 2u);
  EXPECT_EQ(spans.at("root").begin.parent, 0u);
  EXPECT_EQ(spans.at("root").begin.depth, 0u);
}

// What docs/async.md tells not to do leaves a wrong parent behind, and nothing worse.
// Only what is shared can be set from inside: a scope knows of its span no more than the id.
TEST_F(AsyncSpanTest, ACurrentSpanSaysWhetherItTakesProperties) {
  start();
  EXPECT_FALSE(current_span().takes_properties());
  MM_ASYNC_SPAN_VAR(guard, "guard");
  const SpanContextScope scope(guard.context());
  EXPECT_EQ(current_span().id(), guard.id());
  EXPECT_FALSE(current_span().takes_properties());
  std::thread(bind_span_context([&] {
    EXPECT_EQ(current_span().id(), guard.id());
    EXPECT_FALSE(current_span().takes_properties());
    current_span().set("a"_k = 1);
  })).join();
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
  static constinit SpanMetadata site{.name = "carried"};
  AsyncSpan span;
  span.open(AsyncSpan::Later(), site);
  const detail::SpanCarrierRef carrier(detail::SpanCarrier::make(std::move(span)));
  const detail::CarrierScope carried(carrier.get());
  EXPECT_TRUE(current_span().takes_properties());
  current_span().set("a"_k = 1);
  carrier->finish({});
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
}

TEST_F(AsyncSpanTest, AScopeThatIsHeldWhereItsCoroutineSuspendsLeavesNoPointerBehind) {
  start();
  AsyncSpan span = MM_BEGIN_ASYNC_SPAN("span");
  const auto body = [](SpanContext context) -> Task {
    const SpanContextScope scope(context);
    co_await suspend();
  };
  std::thread([&] {
    auto task = std::make_unique<Task>(body(span.context()));
    task->resume();
    std::thread([&] {
      bind_span_context(span.context(), [&] {
        task->resume();
        task.reset();
        (void)current_span_id();
        current_span().set("a"_k = 1);
      })();
      EXPECT_EQ(current_span_id(), 0u);
    }).join();
    (void)current_span_id();
    MM_ASYNC_SPAN_VAR(other, "other");
  }).join();
  span.end();
  EXPECT_EQ(seen().count("other"), 1u);
}

TEST_F(AsyncSpanTest, ThreadsAndAsyncsCarryItByAWrapper) {
  start();
  MM_ASYNC_SPAN_VAR(span, "span");
  std::uint64_t bare = 1;
  std::uint64_t carried = 0;
  std::uint64_t given = 0;
  {
    const SpanContextScope scope(span.context());
    std::thread([&] { bare = current_span_id(); }).join();
    std::thread(bind_span_context([&] { carried = current_span_id(); })).join();
    EXPECT_EQ(std::async(std::launch::async, bind_span_context([](int i) {
                           return current_span_id() + static_cast<std::uint64_t>(i);
                         }),
                         1)
                  .get(),
              span.id() + 1);
    EXPECT_EQ(current_span_id(), span.id());
  }
  std::thread(bind_span_context(span.context(), [&, kept = std::make_unique<int>(1)] {
    given = current_span_id();
  })).join();
  EXPECT_EQ(bare, 0u);
  EXPECT_EQ(carried, span.id());
  EXPECT_EQ(given, span.id());
  const auto by_reference = [](std::vector<int>& all, std::unique_ptr<int> one) -> int& {
    all.push_back(*one);
    return all.back();
  };
  std::vector<int> all;
  const auto bound = bind_span_context(by_reference);
  int& result = bound(all, std::make_unique<int>(3));
  EXPECT_EQ(&result, &all.back());
}

}  // namespace
}  // namespace micromegas
