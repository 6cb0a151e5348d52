// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The paths of source files in events: cut by a root, never to the base name.

#define MICROMEGAS_SOURCE_ROOT "/home/me/project:/opt/sdk/"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "micromegas/instrument.h"
#include "micromegas/tests/pipeline/session_fixture.h"

namespace micromegas {
namespace {

using detail::source_path;

TEST(SourcePathTest, IsCutByTheFirstRootThatHoldsIt) {
  EXPECT_EQ(source_path("/home/me/project/net/dns.cc", "/home/me/project"), "net/dns.cc");
  EXPECT_EQ(source_path("/home/me/project/net/dns.cc", "/home/me/project//"), "net/dns.cc");
  EXPECT_EQ(source_path("/home/me/project//net/dns.cc", "/home/me/project"), "net/dns.cc");
  EXPECT_EQ(source_path("/opt/sdk/a.h", "/home/me::/opt/sdk:/opt"), "a.h");
  EXPECT_EQ(source_path("external/sdk/a.h", "external"), "sdk/a.h");
}

TEST(SourcePathTest, IsWholeWhereNoRootHoldsIt) {
  EXPECT_EQ(source_path("net/dns.cc", ""), "net/dns.cc");
  EXPECT_EQ(source_path("net/dns.cc", "/home/me"), "net/dns.cc");
  EXPECT_EQ(source_path("/home/me2/dns.cc", "/home/me"), "/home/me2/dns.cc");
  EXPECT_EQ(source_path("/usr/include/a.h", "/"), "/usr/include/a.h");
  EXPECT_EQ(source_path("/home/me", "/home/me"), "/home/me");
  EXPECT_EQ(source_path("/home/me/", "/home/me"), "/home/me/");
}

// What a sink sees, and so what goes over the wire.
class FileSink : public testing_support::RecordingSink {
 public:
  std::vector<std::string> files;
  std::vector<std::string> span_files;
  void on_process_log_block(std::shared_ptr<const LogBlock> block) override {
    block->for_each([&](const LogEvent& e) { files.emplace_back(e.metadata->file); });
    RecordingSink::on_process_log_block(block);
  }
  void on_process_metrics_block(std::shared_ptr<const MetricsBlock> block) override {
    block->for_each([&](const MetricEvent& e) { files.emplace_back(e.metadata->file); });
    RecordingSink::on_process_metrics_block(block);
  }
  void on_process_thread_block(std::shared_ptr<const ThreadBlock> block) override {
    block->for_each(
        [&](const SpanEvent& e) { span_files.emplace_back(e.metadata->location.file); });
    RecordingSink::on_process_thread_block(block);
  }
};

class SourcePathSession : public SessionTest {};

// #line gives the statements behind it other files.
TEST_F(SourcePathSession, FilesOfOneNameStayApartInEveryEvent) {
  const auto sink = std::make_shared<FileSink>();
  sink_ = sink;
  start();
  // clang-format off
#line 10 "/home/me/project/net/util.cc"
  MM_INFO("in the project"); { MM_SPAN("span"); }
#line 20 "/opt/sdk/util.cc"
  MM_INFO("in the other root"); MM_IMETRIC("metric", "count", 1u);
#line 30 "/usr/src/net/util.cc"
  MM_INFO("elsewhere");
#line 40 "/usr/src/disk/util.cc"
  MM_INFO("and again"); { MM_SPAN("span"); }
#line 75 "tests/pipeline/source_path_test.cc"
  // clang-format on
  const testing_support::Recorded recorded = flushed();
  std::vector<std::string> targets;
  for (const auto& log : recorded.logs) targets.push_back(log.target);
  EXPECT_EQ(targets, (std::vector<std::string>{"net/util.cc", "util.cc", "/usr/src/net/util.cc",
                                               "/usr/src/disk/util.cc"}));
  ASSERT_EQ(recorded.metrics.size(), 1u);
  EXPECT_EQ(recorded.metrics[0].target, "util.cc");
  EXPECT_EQ(sink->span_files,
            (std::vector<std::string>{"net/util.cc", "net/util.cc", "/usr/src/disk/util.cc",
                                      "/usr/src/disk/util.cc"}));
}

TEST_F(SourcePathSession, TheFileOfAnEventIsCutWhateverItsTarget) {
  const auto sink = std::make_shared<FileSink>();
  sink_ = sink;
  start();
  // clang-format off
#line 10 "/home/me/project/net/util.cc"
  MM_INFO_T("net", "log"); MM_FMETRIC_T("net", "metric", "ms", 1.0); { MM_SPAN_T("net", "span"); }
#line 96 "tests/pipeline/source_path_test.cc"
  // clang-format on
  flushed();
  EXPECT_EQ(sink->files, std::vector<std::string>(2, "net/util.cc"));
  EXPECT_EQ(sink->span_files, std::vector<std::string>(2, "net/util.cc"));
}

}  // namespace
}  // namespace micromegas
