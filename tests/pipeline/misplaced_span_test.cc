// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A thread span's guard that ends on another thread takes nobody's place: it is counted and said,
// and the streams of both threads stay whole.

#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/tests/pipeline/busy_thread.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

std::vector<std::string> g_said;

// Resumed by whoever holds the handle.
struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

Task holds() {
  MM_SPAN_VAR(span, "held");
  co_await std::suspend_always();
  span.set(kv<"late">(1));
}

class MisplacedSpanTest : public SessionTest {
 protected:
  void SetUp() override {
    g_said.clear();
    set_diagnostic_handler([](std::string_view line) {
      if (line.find("thread span") != std::string_view::npos) g_said.emplace_back(line);
    });
    pipeline::SessionOptions options;
    options.flush.period = std::chrono::hours(1);
    start(std::move(options));
  }
  void TearDown() override {
    set_diagnostic_handler(nullptr);
    SessionTest::TearDown();
  }
  std::uint64_t invalid() {
    return of(pipeline::session_stats(), EventKind::kSpan)
        .dropped[static_cast<std::size_t>(DropReason::kInvalid)];
  }
  // "+name -name ..." of the stream of the thread that has recorded a span of this name.
  std::string stream_with(const std::string& name) {
    for (const auto& [stream, events] : flushed().spans) {
      std::string text;
      bool found = false;
      for (const auto& event : events) {
        text += (event.kind == SpanEvent::Kind::kBegin ? " +" : " -") + event.name;
        found |= event.name == name;
      }
      if (found) return text.substr(1);
    }
    return "";
  }
};

TEST_F(MisplacedSpanTest, AnEndOnAnotherThreadTakesNobodysPlace) {
  Task task;
  {
    MM_SPAN("outer");
    task = holds();
    std::thread([&] {
      MM_SPAN("a stranger's");
      { MM_SPAN("inside"); }
      task.handle.resume();
      { MM_SPAN("behind"); }
    }).join();
    EXPECT_EQ(stream_with("a stranger's"),
              "+a stranger's +inside -inside +behind -behind -a stranger's");
    { MM_SPAN("next"); }
  }
  EXPECT_EQ(stream_with("outer"), "+outer +held -held +next -next -outer");
  EXPECT_EQ(invalid(), 1u);
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 1u);
  EXPECT_EQ(queue::Runtime::get().lost_properties(), 1u);
  ASSERT_EQ(g_said.size(), 1u);
  EXPECT_NE(g_said[0].find("\"held\" ("), std::string::npos) << g_said[0];
  EXPECT_NE(g_said[0].find("misplaced_span_test.cc:"), std::string::npos) << g_said[0];
}

TEST_F(MisplacedSpanTest, ArgumentsMayBeAwaited) {
  {
    MM_SPAN("outer");
    Task task = []() -> Task {
      {
        MM_SPAN("inner", kv<"k">((co_await std::suspend_always(), std::string(300, 'x'))));
        MM_SPAN_DYN((co_await std::suspend_always(), std::string("named")));
        { MM_SPAN("inside"); }
      }
      co_await std::suspend_always();
    }();
    for (int i = 0; i < 3; ++i) task.handle.resume();
  }
  EXPECT_EQ(stream_with("outer"), "+outer +inner +named +inside -inside -named -inner -outer");
  EXPECT_EQ(invalid(), 0u);
}

TEST_F(MisplacedSpanTest, ASpanThatIsOpenInsideIsNotCutShort) {
  Task task = holds();
  {
    MM_SPAN("inside");
    std::thread([&] { task.handle.resume(); }).join();
    EXPECT_EQ(stream_with("held"), "+held +inside");
    { MM_SPAN("more"); }
  }
  EXPECT_EQ(stream_with("held"), "+held +inside +more -more -inside -held");
}

void ends_elsewhere(Task& task) {
  std::thread([&] { task.handle.resume(); }).join();
}

void recurses(SpanGuard* outer) {
  MM_SPAN_VAR(span, "recurses");
  if (outer == nullptr) return recurses(&span);
  outer->set(kv<"which">("outer"));
}

TEST_F(MisplacedSpanTest, PropertiesOfLaterSpansAreTheirOwn) {
  MM_SPAN("thread's");
  Task task = holds();
  ends_elsewhere(task);
  recurses(nullptr);
  std::vector<std::string> which;
  for (const auto& [stream, events] : flushed().spans) {
    for (const auto& event : events) {
      if (event.kind != SpanEvent::Kind::kEnd || event.name != "recurses") continue;
      const auto found = event.properties.find("which");
      which.push_back(found == event.properties.end() ? "" : found->second);
    }
  }
  EXPECT_EQ(which, (std::vector<std::string>{"", "outer"}));
}

TEST_F(MisplacedSpanTest, AGuardOfAnEndedTelemetryEndsNothingInTheNext) {
  for (const bool while_stopped : {true, false}) {
    Task old = holds();
    ASSERT_TRUE(pipeline::stop_session(0, in(std::chrono::seconds(20))));
    if (while_stopped) ends_elsewhere(old);
    sink_ = std::make_shared<testing_support::RecordingSink>();
    start();
    Task fresh = holds();
    if (!while_stopped) ends_elsewhere(old);
    EXPECT_EQ(stream_with("held"), "+held");
    { MM_SPAN("inside"); }
    fresh.handle.resume();
    EXPECT_EQ(stream_with("held"), "+held +inside -inside -held") << while_stopped;
    EXPECT_EQ(invalid(), 0u);
    EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 0u);
  }
}

TEST_F(MisplacedSpanTest, AGuardIsCountedOnce) {
  Task task;
  bind_span_context([&] { task = holds(); })();
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 1u);
  ends_elsewhere(task);
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 1u);
  Task other = holds();
  ends_elsewhere(other);
  EXPECT_EQ(queue::Runtime::get().misplaced_spans(), 2u);
}

TEST_F(MisplacedSpanTest, AThreadThatLosesAllItsGuardsGoesOnRecording) {
  constexpr int kTurns = 3 * static_cast<int>(queue::kMaxOpenSpans);
  std::string all;
  {
    MM_SPAN("outer");
    std::vector<Task> tasks;
    for (int i = 0; i < kTurns; ++i) {
      tasks.push_back(holds());
      if (tasks.size() == 100) {
        std::thread([&] {
          for (Task& task : tasks) task.handle.resume();
        }).join();
        tasks.clear();
      }
    }
    { MM_SPAN("still here"); }
  }
  const auto text = stream_with("outer");
  EXPECT_NE(text.find("+still here -still here"), std::string::npos);
  EXPECT_TRUE(text.ends_with("-outer"));
  EXPECT_EQ(invalid(), static_cast<std::uint64_t>(kTurns));
}

void fill_two_segments() {
  for (int i = 0; i < 5000; ++i) {
    MM_SPAN("filler");
  }
}

class BusyThreadTest : public MisplacedSpanTest {
 protected:
  void SetUp() override {
    sink_ = busy_;
    pipeline::SessionOptions options;
    options.flush.period = std::chrono::hours(1);
    options.flush.thread_block_bytes = 1024;
    options.flush.tick = std::chrono::hours(1);  // it reads when it is flushed
    start(std::move(options));
  }
  std::shared_ptr<BusySink> busy_ = std::make_shared<BusySink>();
};

// The actor does not reach the begin in the pass in which it learns of the end.
TEST_F(BusyThreadTest, AnEndIsNotForgottenWhileItsThreadOutrunsTheActor) {
  Worker worker;
  worker.give([] { queue::Runtime::get().prepare_current_thread(); });
  MM_INFO("hold");
  std::thread first([] { pipeline::flush_session(in(std::chrono::seconds(20))); });
  busy_->holding.wait(false);
  Task task;
  worker.give([&] {
    fill_two_segments();
    task = holds();
  });
  std::thread([&] { task.handle.resume(); }).join();
  busy_->at_first_block = [&] { worker.give(fill_two_segments); };
  busy_->let_go = true;
  busy_->let_go.notify_all();
  first.join();
  flushed();
  EXPECT_FALSE(busy_->at_first_block);  // it has been called
  worker.give([] { MM_SPAN("next"); });
  std::istringstream all(stream_with("held"));
  std::string text;
  std::size_t fillers = 0;
  for (std::string event; all >> event;) {
    if (event.ends_with("filler")) {
      ++fillers;
    } else {
      text += event + " ";
    }
  }
  EXPECT_EQ(text, "+held -held +next -next ");
  EXPECT_EQ(fillers, 2u * 2 * 5000);
}

TEST_F(BusyThreadTest, AFlushHasWhatWasRecordedBeforeItAllTheSame) {
  Worker worker;
  worker.give([] { queue::Runtime::get().prepare_current_thread(); });
  MM_INFO("hold");
  std::thread first([] { pipeline::flush_session(in(std::chrono::seconds(20))); });
  busy_->holding.wait(false);
  worker.give([] {
    fill_two_segments();
    MM_SPAN("last");
  });
  busy_->at_first_block = [&] { worker.give(fill_two_segments); };
  busy_->let_go = true;
  busy_->let_go.notify_all();
  first.join();
  EXPECT_NE(stream_with("last"), "");
}

TEST_F(MisplacedSpanTest, AGuardMayOutliveItsThread) {
  Task task;
  std::thread([&] { task = holds(); }).join();
  EXPECT_EQ(stream_with("held"), "+held -held");
  { MM_SPAN("mine"); }
  task.handle.resume();
  EXPECT_EQ(stream_with("mine"), "+mine -mine");
}

}  // namespace
}  // namespace micromegas
