// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/composite_sink.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using Calls = std::vector<std::string>;

// Writes down its calls and throws at each if told to.
class Probe final : public EventSink {
 public:
  explicit Probe(bool throws = false) : throws_(throws) {}

  Calls calls;
  bool busy = false;
  bool refuses_lines = false;
  std::weak_ptr<const LogBlock> last_block;

  void on_startup(std::shared_ptr<const ProcessInfo> process) override {
    note("startup " + process->exe);
  }
  void on_shutdown() override { note("shutdown"); }
  bool on_log_enabled(const LogMetadata& /*metadata*/) override {
    if (throws_) throw std::runtime_error("probe");
    return !refuses_lines;
  }
  void on_log(const LogMetadata& metadata, std::span<const Property> properties, std::int64_t time,
              std::string_view text) override {
    note("log " + std::string(to_string(metadata.level)) + " " + std::to_string(time) + " " +
         std::string(text) + " " + std::to_string(properties.size()));
  }
  void on_init_log_stream(const LogStream& stream) override {
    note("log stream " + stream.properties.at("p"));
  }
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    last_block = block;
    note("log block " + std::to_string(block->event_count()));
  }
  void on_init_metrics_stream(const MetricsStream& /*stream*/) override { note("metrics stream"); }
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    note("metrics block " + std::to_string(block->event_count()));
  }
  void on_init_thread_stream(const ThreadStream& /*stream*/) override { note("thread stream"); }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    note("thread block " + std::to_string(block->event_count()));
  }
  void on_end_thread_stream(const ThreadStream& /*stream*/) override { note("thread end"); }
  [[nodiscard]] bool is_busy() const override {
    if (throws_) throw std::runtime_error("probe");
    return busy;
  }

 private:
  void note(std::string call) {
    calls.push_back(std::move(call));
    if (throws_) throw 42;  // not even a std::exception
  }

  bool throws_;
};

BlockHeader header(std::int32_t events) {
  BlockHeader result;
  result.event_count = events;
  return result;
}

void call_everything(EventSink& sink) {
  auto process = std::make_shared<ProcessInfo>();
  process->exe = "program";
  sink.on_startup(process);
  LogStream stream;
  stream.properties["p"] = "v";
  sink.on_init_log_stream(stream);
  sink.on_init_metrics_stream({});
  sink.on_init_thread_stream({});
  const std::vector<Property> properties{{"k", "v"}};
  sink.on_log(LogMetadata{.level = Level::kInfo}, properties, 7, "text");
  sink.on_process_log_block(std::make_shared<LogBlock>(header(1), BlockRecords{}));
  sink.on_process_metrics_block(std::make_shared<MetricsBlock>(header(2), BlockRecords{}, 2));
  sink.on_process_thread_block(std::make_shared<ThreadBlock>(header(3), BlockRecords{}));
  sink.on_end_thread_stream({});
  sink.on_shutdown();
}

const Calls kEverything{"startup program",   "log stream v", "metrics stream",  "thread stream",
                        "log INFO 7 text 1", "log block 1",  "metrics block 2", "thread block 3",
                        "thread end",        "shutdown"};

class CompositeSinkTest : public ::testing::Test {
 protected:
  // The probes' failures are meant: keep them off stderr.
  void SetUp() override {
    set_diagnostic_handler([](std::string_view) {});
  }
  void TearDown() override { set_diagnostic_handler(nullptr); }
};

// In a child: the diagnostics channel says a thing once in ten
// seconds, so this test comes first.
TEST(CompositeSinkDiagnostics, SaysWhatWasThrown) {
  testing::Pipe pipe;
  const int status = testing::run_child([&] {
    dup2(pipe.write_end(), STDERR_FILENO);
    class Thrower final : public EventSink {
      void on_shutdown() override { throw std::runtime_error("the disk is full"); }
    };
    CompositeSink({{std::make_shared<Thrower>()}}).on_shutdown();
  });
  EXPECT_TRUE(testing::exited_with(status, 0));
  EXPECT_NE(pipe.read_all().find("the disk is full"), std::string::npos);
}

TEST_F(CompositeSinkTest, EverySinkGetsEveryCallOnce) {
  auto a = std::make_shared<Probe>();
  auto b = std::make_shared<Probe>();
  CompositeSink sink({{a}, {nullptr}, {b}});
  EXPECT_EQ(sink.size(), 2U);
  call_everything(sink);
  EXPECT_EQ(a->calls, kEverything);
  EXPECT_EQ(b->calls, kEverything);
}

TEST_F(CompositeSinkTest, ASinkThatThrowsDoesNotCostTheOthersAnything) {
  auto bad = std::make_shared<Probe>(true);
  auto good = std::make_shared<Probe>();
  CompositeSink sink({{bad}, {good}, {std::make_shared<NullSink>()}});
  call_everything(sink);
  call_everything(sink);
  Calls twice = kEverything;
  twice.insert(twice.end(), kEverything.begin(), kEverything.end());
  EXPECT_EQ(good->calls, twice);
  for (StreamKind kind : {StreamKind::kLog, StreamKind::kMetrics, StreamKind::kThread}) {
    EXPECT_EQ(sink.failed_blocks(0, kind), 2U);
    EXPECT_EQ(sink.failed_blocks(1, kind), 0U);
  }
  EXPECT_EQ(sink.failed_blocks(3, StreamKind::kLog), 0U);
  EXPECT_EQ(sink.failed_blocks(0, static_cast<StreamKind>(9)), 0U);
}

TEST_F(CompositeSinkTest, EachSinkHasItsOwnLevelForLiveLines) {
  auto info = std::make_shared<Probe>();
  auto error = std::make_shared<Probe>();
  auto off = std::make_shared<Probe>();
  CompositeSink sink(
      {{info, LevelFilter::kInfo}, {error, LevelFilter::kError}, {off, LevelFilter::kOff}});
  for (Level level : {Level::kError, Level::kInfo, Level::kDebug}) {
    sink.on_log(LogMetadata{.level = level}, {}, 0, "x");
  }
  EXPECT_EQ(info->calls, (Calls{"log ERROR 0 x 0", "log INFO 0 x 0"}));
  EXPECT_EQ(error->calls, (Calls{"log ERROR 0 x 0"}));
  EXPECT_TRUE(off->calls.empty());
  EXPECT_TRUE(sink.on_log_enabled(LogMetadata{.level = Level::kInfo}));
  EXPECT_FALSE(sink.on_log_enabled(LogMetadata{.level = Level::kDebug}));
}

TEST_F(CompositeSinkTest, FiltersLookAtTheTargetAndChangeAtAnyTime) {
  auto probe = std::make_shared<Probe>();
  CompositeSink sink({{std::make_shared<NullSink>(), LevelFilter::kOff},
                      {probe, LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug}})}});
  const auto log_all = [&] {
    probe->calls.clear();
    sink.on_log(LogMetadata{.level = Level::kDebug, .target = "net.dns"}, {}, 0, "net");
    sink.on_log(LogMetadata{.level = Level::kInfo, .target = "disk"}, {}, 0, "disk");
  };
  log_all();
  EXPECT_EQ(probe->calls, Calls{"log DEBUG 0 net 0"});
  ASSERT_EQ(sink.index_of(*probe), 1U);
  sink.set_filter(1, LogFilter(LevelFilter::kInfo));
  log_all();
  EXPECT_EQ(probe->calls, Calls{"log INFO 0 disk 0"});
  sink.set_filter(2, LogFilter());  // there is none
  EXPECT_EQ(sink.index_of(Probe()), std::nullopt);
}

TEST_F(CompositeSinkTest, ASinkThatRefusesACallSiteGetsNoLineOfIt) {
  auto refusing = std::make_shared<Probe>();
  refusing->refuses_lines = true;
  auto other = std::make_shared<Probe>();
  CompositeSink sink({{refusing}, {other}});
  EXPECT_TRUE(sink.on_log_enabled(LogMetadata{}));
  sink.on_log(LogMetadata{}, {}, 0, "x");
  EXPECT_TRUE(refusing->calls.empty());
  EXPECT_EQ(other->calls.size(), 1U);
  EXPECT_FALSE(CompositeSink({{refusing}}).on_log_enabled(LogMetadata{}));
  EXPECT_FALSE(CompositeSink({}).on_log_enabled(LogMetadata{}));
}

TEST_F(CompositeSinkTest, BusyIfAnyIs) {
  auto bad = std::make_shared<Probe>(true);
  auto idle = std::make_shared<Probe>();
  auto busy = std::make_shared<Probe>();
  const CompositeSink sink({{bad}, {busy}, {idle}});
  EXPECT_FALSE(sink.is_busy());
  busy->busy = true;
  EXPECT_TRUE(sink.is_busy());
}

TEST_F(CompositeSinkTest, KeepsNoBlockAlive) {
  auto probe = std::make_shared<Probe>();
  CompositeSink sink({{probe}});
  sink.on_process_log_block(std::make_shared<LogBlock>(header(1), BlockRecords{}));
  EXPECT_TRUE(probe->last_block.expired());
}

}  // namespace
}  // namespace micromegas
