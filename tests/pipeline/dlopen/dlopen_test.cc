// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Instrumented shared libraries, each with a copy of the recording code, in a program with a
// running session: there is one registry, and what a library recorded outlives it. (Bazel links
// with gold on Debian 12; GNU ld does the same.)

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/dlopen/library.h"
#include "micromegas/tests/pipeline/session_fixture.h"

extern "C" void* micromegas_v0_sessions() noexcept;

namespace micromegas {
namespace {

using dlopen_test::PlaceFunction;
using dlopen_test::RecordFunction;
using dlopen_test::Registry;
using dlopen_test::RegistryFunction;
using dlopen_test::ScopesFunction;

class Library {
 public:
  explicit Library(std::string letter)
      : path_("tests/pipeline/dlopen/liblibrary_" + letter + ".so"), letter_(std::move(letter)) {
    handle_ = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ == nullptr) ADD_FAILURE() << dlerror();
  }
  ~Library() { close(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  void close() {
    if (handle_ != nullptr) dlclose(handle_);
    handle_ = nullptr;
  }
  [[nodiscard]] bool still_mapped() const {
    void* handle = dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (handle != nullptr) dlclose(handle);
    return handle != nullptr;
  }
  template <class Function>
  Function* function(const std::string& name) const {
    void* address = dlsym(handle_, (name + "_" + letter_).c_str());
    EXPECT_NE(address, nullptr) << name;
    return reinterpret_cast<Function*>(address);
  }
  void record_in_threads(int threads, int events) const {
    auto* record = function<RecordFunction>("record");
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) running.emplace_back([=] { record(t, events); });
    for (auto& thread : running) thread.join();
  }

 private:
  std::string path_;
  std::string letter_;
  void* handle_ = nullptr;
};

// With what the other tests' sink leaves out: where in the source an event was made.
class PlaceSink : public testing_support::RecordingSink {
 public:
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    {
      const std::lock_guard lock(mutex_);
      block->for_each([&](const LogEvent& e) {
        ++places_[std::string(e.metadata->file) + ":" + std::to_string(e.metadata->line)];
        if (!e.metadata->function.empty()) ++functions_[std::string(e.metadata->function)];
      });
    }
    RecordingSink::on_process_log_block(block);
  }
  std::map<std::string, std::size_t> places() const {
    const std::lock_guard lock(mutex_);
    return places_;
  }
  std::map<std::string, std::size_t> functions() const {
    const std::lock_guard lock(mutex_);
    return functions_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> places_;
  std::map<std::string, std::size_t> functions_;
};

class DlopenTest : public SessionTest {
 protected:
  DlopenTest() { sink_ = places_; }

  static std::size_t catalogue_entries() {
    std::uint32_t id = 1;
    while (queue::Runtime::get().catalogue().find(id) != nullptr) ++id;
    return id - 1;
  }

  static std::uint64_t turns_of_a(const testing_support::Recorded& recorded) {
    std::uint64_t turns = 0;
    for (const auto& m : recorded.metrics) turns += m.name == "turns.a" ? m.integer : 0;
    return turns;
  }

  std::shared_ptr<PlaceSink> places_ = std::make_shared<PlaceSink>();
};

TEST_F(DlopenTest, ThereIsOneRegistry) {
  start();
  const Library a("a");
  const Library b("b");
  Registry of_a;
  Registry of_b;
  a.function<RegistryFunction>("registry")(&of_a);
  b.function<RegistryFunction>("registry")(&of_b);
  const void* properties = &PropertySet::intern({{"tier", "gold"}, {"tenant", "acme"}});
  for (const Registry& registry : {of_a, of_b}) {
    EXPECT_EQ(registry.runtime, &queue::Runtime::get());
    EXPECT_EQ(registry.thread_state, &micromegas_v0_thread);
    EXPECT_EQ(registry.hot_page, &micromegas_v0_hot_page);
    EXPECT_EQ(registry.nobody, &micromegas_v0_nobody);
    EXPECT_EQ(registry.properties, properties);
  }
  EXPECT_EQ(of_b.sessions, micromegas_v0_sessions());
  // The libraries do have a copy of their own, which nobody uses.
  void* handle = dlopen("tests/pipeline/dlopen/liblibrary_a.so", RTLD_NOW | RTLD_NOLOAD);
  EXPECT_NE(dlsym(handle, "micromegas_v0_hot_page"), &micromegas_v0_hot_page);
  dlclose(handle);
}

// A library's own recording functions: exported, each log would go through its procedure linkage
// table, and where two libraries have the same one, into the other's code.
TEST_F(DlopenTest, ALibraryExportsNoneOfTheFunctionsThatRecord) {
  const auto recording = [](const std::string& table) {
    FILE* const nm = popen(("nm " + table + " tests/pipeline/dlopen/liblibrary_a.so").c_str(), "r");
    std::string found;
    if (nm == nullptr) return found;
    for (char line[4096]; fgets(line, sizeof line, nm) != nullptr;) {
      const std::string_view symbol = line;
      for (const char* name : {"write_log", "write_any_log"}) {
        if (symbol.find(name) != std::string_view::npos) found += line;
      }
    }
    EXPECT_EQ(pclose(nm), 0) << "nm, of binutils, is needed";
    return found;
  };
  EXPECT_NE(recording("--defined-only"), "");
  EXPECT_EQ(recording("--dynamic --defined-only"), "");
}

// What tells of a thread's end is the process's too.
TEST_F(DlopenTest, ALibraryRegistersThreadsAndEndsThem) {
  start();
  const Library b("b");
  auto* scopes = b.function<ScopesFunction>("scopes");
  std::thread(scopes, 3).join();
  EXPECT_EQ(flushed().span_events(), 6u);
  EXPECT_TRUE(sink_->wait([](const auto& recorded) { return recorded.ended.size() == 1; }));
}

TEST_F(DlopenTest, EveryEventOfAClosedLibraryArrives) {
  constexpr int kThreads = 3;
  constexpr int kEvents = 5'000;
  pipeline::SessionOptions options;
  options.flush.tick = std::chrono::seconds(3600);  // nothing is read before the library is gone
  start(std::move(options));
  Library a("a");
  const Library b("b");
  const std::string place_of_a = a.function<PlaceFunction>("place")();
  a.record_in_threads(kThreads, kEvents);
  b.record_in_threads(kThreads, kEvents);
  MM_INFO("from the program");
  a.close();
  EXPECT_FALSE(a.still_mapped());

  const testing_support::Recorded recorded = flushed();
  std::map<std::string, int> texts;
  for (const auto& log : recorded.logs) {
    ++texts[log.text];
    if (log.text[0] == 'a') {
      EXPECT_EQ(log.target, "library.a");
    }
    if (log.text[0] != 'b') continue;
    EXPECT_EQ(log.target, "library.b");
    EXPECT_EQ(log.level, Level::kWarn);
    EXPECT_EQ(log.properties.size(), 2u);
    EXPECT_EQ(log.properties.at("tenant"), "acme");
  }
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEvents; ++i) {
      const std::string which = std::to_string(t) + " " + std::to_string(i);
      ASSERT_EQ(texts["a " + which + " text of a"], 1) << which;
      ASSERT_EQ(texts["b " + which], 1) << which;
    }
  }
  EXPECT_EQ(texts["from the program"], 1);
  EXPECT_EQ(texts["static destructor of library a"], 1);
  EXPECT_EQ(recorded.logs.size(), std::size_t{2 * kThreads * kEvents + 2});
  EXPECT_EQ(recorded.metrics.size(), std::size_t{2 * kThreads * kEvents + 1});
  EXPECT_EQ(turns_of_a(recorded), std::uint64_t{kThreads * kEvents});
  EXPECT_EQ(recorded.span_events(), std::size_t{2 * kThreads * (2 * kEvents + 1)});
  std::map<std::string, std::size_t> names;
  for (const auto& [stream, spans] : recorded.spans) {
    for (const auto& span : spans) ++names[span.name];
  }
  EXPECT_EQ(names["record_a"], 2u * kThreads);
  EXPECT_EQ(names["work in a"], 2u * kThreads * kEvents);
  EXPECT_EQ(names["run-time 2"], 2u * kEvents);

  std::size_t at_a = 0;
  for (const auto& [place, events] : places_->places()) {
    if (place.starts_with(place_of_a + ":")) at_a += events;
  }
  EXPECT_EQ(at_a, std::size_t{kThreads * kEvents + 1});
  EXPECT_EQ(places_->places()["bridge.py:7"], std::size_t{kThreads * kEvents});
  EXPECT_EQ(places_->functions()["record_a"], std::size_t{kThreads * kEvents});
}

TEST_F(DlopenTest, ALibraryThatIsLoadedAgainFindsItsCatalogueEntries) {
  start();
  std::size_t entries = 0;
  for (int round = 0; round < 5; ++round) {
    Library a("a");
    a.record_in_threads(1, 10);
    a.close();
    EXPECT_FALSE(a.still_mapped());
    if (round == 0) entries = catalogue_entries();
    EXPECT_EQ(catalogue_entries(), entries) << "round " << round;
  }
  EXPECT_GE(entries, 5u);
  const testing_support::Recorded recorded = flushed();
  EXPECT_EQ(recorded.logs.size(), 5u * 11);
  EXPECT_EQ(turns_of_a(recorded), 5u * 10);
}

TEST_F(DlopenTest, FiltersReachALibrary) {
  start();
  const Library a("a");
  a.record_in_threads(1, 1);
  queue::Runtime::get().change_filters(
      [](queue::Filters& f) { f.log.targets["library"] = LevelFilter::kError; });
  a.record_in_threads(1, 1);
  EXPECT_EQ(flushed().logs.size(), 1u);
}

TEST_F(DlopenTest, AThreadThatOutlivesTheLibraryEndsWell) {
  start();
  std::thread thread([] {
    Library a("a");
    a.function<RecordFunction>("record")(0, 10);
    a.close();
    MM_INFO("still here");
  });
  thread.join();
  EXPECT_EQ(flushed().logs.size(), 12u);
}

}  // namespace
}  // namespace micromegas
