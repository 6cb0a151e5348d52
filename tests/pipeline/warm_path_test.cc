// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Recording allocates nothing, takes no lock and calls the kernel for nothing, once it is warm: the
// thread is registered, the call site known and the pool has empty segments. Segments are changed
// in each measurement.

#include <dlfcn.h>
#include <errno.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/pipeline/queue/runtime.h"
#include "micromegas/tests/pipeline/point.h"
#include "micromegas/tests/pipeline/session_fixture.h"
#include "micromegas/tests/support/child.h"

// --- every allocation and lock of this program comes through here; operator new calls malloc ---

namespace {
struct Cost {
  std::uint64_t allocations = 0;
  std::uint64_t locks = 0;
};
constinit thread_local Cost* t_cost = nullptr;  // null: not counting

void count_allocation() {
  if (t_cost != nullptr) ++t_cost->allocations;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  count_allocation();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  count_allocation();
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
  count_allocation();
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  count_allocation();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count_allocation();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  count_allocation();
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

// A lock that is free makes no system call: only this sees it.
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static auto* const real = next<int(pthread_mutex_t*)>("pthread_mutex_lock");
  if (t_cost != nullptr) ++t_cost->locks;
  return real(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  static auto* const real = next<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  if (t_cost != nullptr) ++t_cost->locks;
  return real(mutex);
}
}

namespace micromegas {
namespace {

using testing::Point;

using namespace std::chrono_literals;

template <class F>
Cost cost_of(F f) {
  Cost cost;
  t_cost = &cost;
  f();
  t_cost = nullptr;
  return cost;
}

template <class F>
void expect_free(const char* what, F f) {
  const Cost cost = cost_of(f);
  EXPECT_EQ(cost.allocations, 0u) << what;
  EXPECT_EQ(cost.locks, 0u) << what;
}

std::uint64_t full_segments(std::uint64_t bytes) { return bytes / queue::kSegmentBytes; }

// What is recorded in each measurement: several segments, fewer than the pool has ready.
constexpr std::uint64_t kWarmBytes = 48 * queue::kSegmentBytes;
constexpr std::uint64_t kMeasuredBytes = 6 * queue::kSegmentBytes;

// Leaves the pool with empty segments: they stay for seconds after a burst.
void fill_pool() {
  const std::string text(1000, 'x');
  for (std::uint64_t bytes = 0; bytes < kWarmBytes; bytes += 1040) {
    MM_INFO("{}", text);
    if (bytes % (kWarmBytes / 4) < 1040) {
      MM_SPAN("warm");
    }
  }
  ASSERT_TRUE(pipeline::flush_session(in(20s)));
}

class WarmTest : public SessionTest {
 protected:
  void SetUp() override {
    start();
    fill_pool();
  }

  // `statement` records `bytes` of records each time.
  template <class F>
  static void expect_none(const char* what, std::uint64_t bytes, F statement) {
    statement();                                    // the call site is registered
    EXPECT_TRUE(pipeline::flush_session(in(20s)));  // the pool has the segments back
    const std::uint64_t turns = kMeasuredBytes / bytes + 1;
    ASSERT_GE(full_segments(turns * bytes), 6u);
    expect_free(what, [&] {
      for (std::uint64_t i = 0; i < turns; ++i) statement();
    });
  }
};

TEST_F(WarmTest, TheCountersCount) {
  static void* volatile kept;
  std::mutex mutex;
  const Cost known = cost_of([&] {
    kept = ::operator new(1);
    ::operator delete(kept);
    kept = std::malloc(1);
    std::free(kept);
    kept = new std::string(100, 'x');
    delete static_cast<std::string*>(kept);
    const std::lock_guard lock(mutex);
  });
  EXPECT_EQ(known.allocations, 4u);
  EXPECT_EQ(known.locks, 1u);
  // The first event of a thread does both, which shows that the counters see the library.
  Cost first;
  std::thread([&] { first = cost_of([] { MM_INFO("first of its thread"); }); }).join();
  EXPECT_GT(first.allocations, 0u);
  EXPECT_GT(first.locks, 0u);
}

TEST_F(WarmTest, LogsCostNothing) {
  const std::string small = "eight ch";
  const std::string large(5000, 'l');
  expect_none("literal", 16, [] { MM_INFO("literal"); });
  expect_none("int, double, string", 48, [&] { MM_INFO("{} {} {}", 1, 2.5, small); });
  expect_none("named", 32, [] { MM_INFO("{rows:>8} of {rows} {user}", 1, 2); });
  expect_none("large string", 5024, [&] { MM_INFO("{}", large); });
  expect_none("explicit target", 16, [] { MM_WARN_T("net", "literal"); });
  expect_none("enabled?", 16, [] {
    if (MM_LOG_ENABLED(kInfo)) MM_INFO("asked");
  });
  expect_none("a user's type with a short text", 32, [] { MM_INFO("{}", Point{7}); });
  const auto disabled = [](int i) { MM_DEBUG("disabled {}", i); };
  disabled(0);
  expect_free("disabled", [&] {
    for (int i = 0; i < 10'000; ++i) disabled(i);
  });
}

TEST_F(WarmTest, AStringThatMustBeCutCostsNothing) {
  const std::string huge(1'000'000, 'h');
  expect_none("cut", 60'000, [&] { MM_INFO("{}", huge); });
}

TEST_F(WarmTest, MetricsCostNothing) {
  const std::string name = "run-time name";
  expect_none("integer", 24, [] { MM_IMETRIC("i", "count", 1); });
  expect_none("float", 24, [] { MM_FMETRIC("f", "ms", 0.5); });
  expect_none("integer, run-time name", 64, [&] { MM_IMETRIC_DYN(name, "count", 1); });
  expect_none("float, run-time name", 64, [&] { MM_FMETRIC_DYN(name, "count", 1.5); });
  const auto negative = [] { MM_IMETRIC("negative", "count", -1); };
  negative();
  expect_free("negative", negative);
}

TEST_F(WarmTest, CountersCostNothing) {
  const auto add = [](unsigned i) {
    MM_COUNTER("c", "count", i);
    MM_HISTOGRAM("h", "ms", i);
  };
  add(0);
  expect_free("counter and histogram", [&] {
    for (unsigned i = 0; i < 10'000; ++i) add(i);
  });
}

TEST_F(WarmTest, SpansCostNothing) {
  const std::string name = "run-time name";
  expect_none("span", 32, [] { MM_SPAN("s"); });
  expect_none("function", 32, [] { MM_SPAN_FN(); });
  expect_none("run-time name", 56, [&] { MM_SPAN_DYN(name); });
}

TEST_F(WarmTest, PropertiesAndContextCostNothing) {
  using namespace literals;
  const std::string text = "a string";
  const PropertySet& set = PropertySet::intern({{"tenant", "acme"}});
  expect_none("log with a pair", 24, [] { MM_INFO("literal", "n"_k = 1); });
  expect_none("log with a text", 32, [&] { MM_INFO("{user}", "user"_k = text); });
  expect_none("log with a set", 24, [&] { MM_INFO("literal", set); });
  expect_none("metric with a pair", 32, [] { MM_IMETRIC("i", "count", 1, "n"_k = 1); });
  expect_none("metric with a set", 32, [&] { MM_FMETRIC("f", "ms", 0.5, set); });
  expect_none("span with a pair", 40, [] { MM_SPAN("s", "n"_k = 1); });
  expect_none("span with later properties", 48, [&] {
    MM_SPAN_VAR(span, "s", set);
    span.set("user"_k = text);
  });
  expect_none("scope", 48, [&] {
    const ContextScope scope("n"_k = 1);
    MM_INFO("literal");
  });
  const ContextScope scope("user"_k = text, set);
  expect_none("log in a scope", 16, [] { MM_INFO("literal"); });
}

TEST_F(WarmTest, AsynchronousSpansCostNothing) {
  const std::string name = "run-time name";
  expect_none("span", 80, [] { MM_ASYNC_SPAN_VAR(span, "s"); });
  expect_none("function", 80, [] { MM_ASYNC_SPAN_FN(); });
  expect_none("run-time name", 128, [&] { MM_ASYNC_SPAN_DYN_VAR(span, name); });
  expect_none("properties", 128, [] {
    MM_ASYNC_SPAN_VAR(span, "s", kv<"a">(1));
    span.set(kv<"b">(2.5));
  });
  expect_none("moved", 80, [] {
    AsyncSpan span = MM_BEGIN_ASYNC_SPAN("s");
    AsyncSpan other = std::move(span);
    other.end();
  });
}

TEST_F(WarmTest, DispatchCostsNothing) {
  static constinit LogMetadata log{.level = Level::kInfo, .target = "d"};
  static constinit StaticMetricMetadata metric{.name = "m", .unit = "count"};
  static constinit SpanMetadata span{.name = "s"};
  static constinit SpanLocation place{};
  const PropertySet& set = PropertySet::intern({{"k", "v"}});
  expect_none("log", 32, [] { dispatch::log(log, "text"); });
  expect_none("log_tagged", 40, [&] { dispatch::log_tagged(log, set, "text"); });
  expect_none("log_interop", 56, [] { dispatch::log_interop(log, "text"); });
  expect_none("int_metric", 24, [] { dispatch::int_metric(metric, 1); });
  expect_none("float_metric", 24, [] { dispatch::float_metric(metric, 1); });
  expect_none("tagged integer", 32, [&] { dispatch::tagged_integer_metric(metric, set, 1); });
  expect_none("tagged float", 32, [&] { dispatch::tagged_float_metric(metric, set, 1); });
  expect_none("scope", 32, [] {
    dispatch::on_begin_scope(span);
    dispatch::on_end_scope(span);
  });
  expect_none("named scope", 48, [] {
    dispatch::on_begin_named_scope(place, "name");
    dispatch::on_end_named_scope(place, "name");
  });
  expect_none("asynchronous scope", 80, [] {
    const std::uint64_t id = dispatch::on_begin_async_scope(span, 0, 0);
    dispatch::on_end_async_scope(id, 0, span, 0);
  });
  expect_none("named asynchronous scope", 112, [] {
    const std::uint64_t id = dispatch::on_begin_async_named_scope(place, "name", 0, 0);
    dispatch::on_end_async_named_scope(id, 0, place, "name", 0);
  });
  // As a bridge from another library does it.
  const Property attributes[] = {{"http.status", "404"}, {"user", "ann"}};
  expect_none("asynchronous scope with properties", 208, [&] {
    const std::uint64_t id = dispatch::on_begin_async_named_scope_dyn(place, "name", 1, 1);
    dispatch::on_end_async_named_scope_tagged(id, 1, place, "name", 1, set, attributes);
  });
}

TEST_F(WarmTest, AChangedFilterReachesEachCallSiteWithoutALock) {
  const auto statements = [] {
    MM_INFO("x");
    MM_IMETRIC("m", "count", 1);
    MM_SPAN("s");
    MM_COUNTER("c", "count", 1);
    static_cast<void>(queue::Runtime::get().log_enabled(Level::kInfo, "at run time"));
  };
  statements();
  for (int i = 0; i < 3; ++i) {
    queue::Runtime::get().change_filters(
        [](queue::Filters& filters) { filters.log.targets["other"] = LevelFilter::kOff; });
    expect_free("after a change", statements);
  }
}

// Holds the actor at the first block of logs.
class HeldSink : public EventSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock>) override {
    entered = true;
    entered.notify_all();
    open.wait(false);
  }
  void let_go() {
    open = true;
    open.notify_all();
  }
  std::atomic<bool> entered{false};
  std::atomic<bool> open{false};
};

class FullWarmTest : public WarmTest {
 protected:
  // Anew, with four segments and a sink that holds the actor.
  std::shared_ptr<HeldSink> start_with_little_room() {
    EXPECT_TRUE(pipeline::stop_session(0, in(20s)));
    auto held = std::make_shared<HeldSink>();
    pipeline::SessionOptions options;
    options.sink = held;
    options.queue_bytes = 4 * queue::kSegmentBytes;
    options.flush.period = 1ms;
    start(std::move(options));
    return held;
  }
};

TEST_F(FullWarmTest, DroppedEventsAllocateNothing) {
  const auto held = start_with_little_room();
  const auto statement = [] {
    MM_SPAN("s");
    MM_INFO("{}", "into the void");
  };
  statement();
  held->entered.wait(false);
  for (int i = 0; i < 20'000; ++i) statement();  // until memory is spent
  // They do lock, now and then: the actor is woken.
  const Cost cost = cost_of([&] {
    for (int i = 0; i < 20'000; ++i) statement();
  });
  EXPECT_EQ(cost.allocations, 0u);
  held->let_go();
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  EXPECT_GT(of(pipeline::session_stats(), EventKind::kLog).dropped_total(), 20'000u);
}

// They are kept under a lock that all threads share: not with a new copy of all for each.
TEST_F(FullWarmTest, EndsWithoutRoomAllocateNowAndThen) {
  const auto held = start_with_little_room();
  MM_INFO("into the sink");
  held->entered.wait(false);
  std::vector<AsyncSpan> spans(5000);
  std::size_t begun = 0;
  for (AsyncSpan& span : spans) {
    span = MM_BEGIN_ASYNC_SPAN("s");
    if (span.id() != 0) ++begun;
  }
  EXPECT_GT(begun, 1000U);
  const Cost cost = cost_of([&] {
    for (AsyncSpan& span : spans) span.end();
  });
  EXPECT_LT(cost.allocations, 50U);
  held->let_go();
  ASSERT_TRUE(pipeline::stop_session(0, in(20s)));
  const KindStats stats = of(pipeline::session_stats(), EventKind::kAsyncSpan);
  EXPECT_EQ(stats.delivered, 2 * begun);
}

// --- no system call ---

// From here on any system call of this thread kills the process with SIGSYS.
bool forbid_system_calls() {
  sock_filter rules[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
  sock_fprog program{1, rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// In a child: a session, a warm thread, then `body` on it without system calls. The child ends with
// 0 if that came to its end.
template <class Body>
int run_without_system_calls(Body body) {
  return testing::run_child([body] {
    pipeline::SessionOptions options;
    options.sink = std::make_shared<EventSink>();
    if (!pipeline::start_session(std::move(options))) _exit(2);
    std::atomic<int> state{0};
    std::thread worker([&] {
      fill_pool();
      body();
      if (!pipeline::flush_session(in(20s)) || !forbid_system_calls()) {
        state = 3;
        return;
      }
      body();
      state = 1;
      // It cannot even end.
      while (state == 1) {
      }
    });
    const auto deadline = std::chrono::steady_clock::now() + 50s;
    while (state == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    _exit(state == 1 ? 0 : 3);
  });
}

TEST(SystemCallTest, AFilteredThreadDiesOfASystemCall) {
  std::atomic<int> turn{0};
  const int status = run_without_system_calls([&] {
    if (++turn == 2) syscall(SYS_getppid);
  });
  EXPECT_TRUE(testing::killed_by(status, SIGSYS)) << status;
}

TEST(SystemCallTest, RecordingMakesNoSystemCall) {
  const std::string name = "run-time name";
  const std::string large(3000, 'l');
  const int status = run_without_system_calls([&] {
    for (int i = 0; i < 2000; ++i) {
      MM_INFO("literal");
      MM_INFO("{} {} {}", i, 2.5, name);
      if (i % 20 == 0) MM_INFO("{}", large);
      MM_DEBUG("disabled {}", i);
      MM_IMETRIC("i", "count", i);
      MM_FMETRIC("f", "ms", 0.5);
      MM_IMETRIC_DYN(name, "count", i);
      MM_SPAN("span");
      MM_SPAN_FN();
      MM_SPAN_DYN(name);
      MM_INFO("{}", Point{i});
    }
  });
  EXPECT_TRUE(testing::exited_with(status, 0)) << status;
}

}  // namespace
}  // namespace micromegas
