// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What TelemetryOptions and the environment make of each other. Nothing is ignored: a value that
// cannot be read is an error that names it.

#include "micromegas/telemetry_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/null_sink.h"

namespace micromegas {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : kNames) unsetenv(name);
  }
  void TearDown() override { SetUp(); }

  static ResolvedOptions resolved(TelemetryOptions options = {}) {
    Result<ResolvedOptions> result = resolve_options(std::move(options));
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result ? std::move(*result) : ResolvedOptions{};
  }
  static std::string error_of(TelemetryOptions options = {}) {
    const Result<ResolvedOptions> result = resolve_options(std::move(options));
    return result ? "no error" : result.error().message();
  }

  static constexpr const char* kNames[] = {
      "MICROMEGAS_TELEMETRY_URL",
      "MICROMEGAS_INGESTION_API_KEY",
      "MICROMEGAS_OIDC_TOKEN_ENDPOINT",
      "MICROMEGAS_OIDC_CLIENT_ID",
      "MICROMEGAS_OIDC_CLIENT_SECRET",
      "MICROMEGAS_OIDC_AUDIENCE",
      "MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS",
      "MICROMEGAS_TELEMETRY_CA_FILE",
      "MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE",
      "MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE",
      "MICROMEGAS_PROCESS_PROPERTIES",
      "MICROMEGAS_LOG",
      "MICROMEGAS_ENABLE_CPU_TRACING",
      "MICROMEGAS_LOCAL_SINK_MAX_LEVEL",
      "MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL",
      "MICROMEGAS_MAX_VERBOSITY",
      "MICROMEGAS_LOG_ORIGIN",
      "MICROMEGAS_TELEMETRY_WIRE_COMPATIBILITY",
      "MICROMEGAS_FLUSH_PERIOD",
      "MICROMEGAS_SPAN_SAMPLING",
      "MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL",
      "MICROMEGAS_TELEMETRY_WAIT_LIMIT_SECS",
      "MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES",
      "MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES",
      "MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS",
      "MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS",
      "MICROMEGAS_SYSTEM_METRICS_PERIOD",
      "MICROMEGAS_TELEMETRY_PARENT_PROCESS",
  };
};

TEST_F(OptionsTest, HasTheDocumentedDefaults) {
  const ResolvedOptions o = resolved();
  EXPECT_EQ(o.url, "");
  EXPECT_EQ(o.api_key.reveal(), "");
  EXPECT_TRUE(o.properties.empty());
  EXPECT_EQ(o.filters.log, LogFilter(LevelFilter::kTrace));  // everything that a sink wants
  EXPECT_EQ(o.filters.max_verbosity, VerbosityFilter::kMax);
  EXPECT_TRUE(o.filters.spans);
  EXPECT_EQ(o.console_filter, LogFilter(LevelFilter::kInfo));
  EXPECT_EQ(o.upload_filter, LogFilter(LevelFilter::kDebug));
  EXPECT_EQ(o.flush.period, 60s);
  EXPECT_FALSE(o.flush.log_origin);
  EXPECT_EQ(o.wire_compatibility, WireCompatibility::k033);
  EXPECT_EQ(o.wait, 0);
  EXPECT_EQ(o.wait_limit, 1s);
  EXPECT_EQ(o.upload_soft_bytes, 128u << 20);
  EXPECT_EQ(o.upload_hard_bytes, 256u << 20);
  EXPECT_EQ(o.max_in_flight, 3);
  EXPECT_EQ(o.request_timeout, 10s);
  EXPECT_EQ(o.shutdown_deadline, 5s);
  EXPECT_EQ(o.system_metrics_period, 0s);
  EXPECT_EQ(resolved({.url = "http://h"}).system_metrics_period, 5s);
  EXPECT_EQ(resolved({.sinks = {{std::make_shared<NullSink>()}}}).system_metrics_period, 5s);
  EXPECT_FALSE(o.parent_process_id);
}

TEST_F(OptionsTest, ReadsTheEnvironment) {
  setenv("MICROMEGAS_TELEMETRY_URL", " http://h:1/x ", 1);
  setenv("MICROMEGAS_INGESTION_API_KEY", "secret", 1);
  setenv("MICROMEGAS_OIDC_TOKEN_ENDPOINT", "https://id/token", 1);
  setenv("MICROMEGAS_OIDC_CLIENT_ID", "me", 1);
  setenv("MICROMEGAS_OIDC_CLIENT_SECRET", "hunter2", 1);
  setenv("MICROMEGAS_OIDC_AUDIENCE", "lake", 1);
  setenv("MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS", "60", 1);
  setenv("MICROMEGAS_TELEMETRY_CA_FILE", "ca.pem", 1);
  setenv("MICROMEGAS_TELEMETRY_CLIENT_CERTIFICATE_FILE", "own.pem", 1);
  setenv("MICROMEGAS_TELEMETRY_CLIENT_KEY_FILE", "own.key", 1);
  setenv("MICROMEGAS_PROCESS_PROPERTIES", "region=eu,zone=b", 1);
  setenv("MICROMEGAS_LOG", "warn,net=debug", 1);
  setenv("MICROMEGAS_ENABLE_CPU_TRACING", "false", 1);
  setenv("MICROMEGAS_LOCAL_SINK_MAX_LEVEL", "ERROR", 1);
  setenv("MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL", "db=off", 1);
  setenv("MICROMEGAS_MAX_VERBOSITY", "Med", 1);
  setenv("MICROMEGAS_FLUSH_PERIOD", "0.25", 1);
  setenv("MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES", "65536", 1);
  setenv("MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES", "131072", 1);
  setenv("MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS", "1", 1);
  setenv("MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS", "2", 1);
  setenv("MICROMEGAS_SYSTEM_METRICS_PERIOD", "0.5", 1);
  setenv("MICROMEGAS_TELEMETRY_PARENT_PROCESS", "11111111-2222-4333-8444-555555555555", 1);
  const ResolvedOptions o = resolved();
  EXPECT_EQ(o.url, "http://h:1/x");
  EXPECT_EQ(o.api_key.reveal(), "secret");
  EXPECT_EQ(o.oidc_token_endpoint, "https://id/token");
  EXPECT_EQ(o.oidc_client_id, "me");
  EXPECT_EQ(o.oidc_client_secret.reveal(), "hunter2");
  EXPECT_EQ(o.oidc_audience, "lake");
  EXPECT_EQ(o.oidc_token_buffer, 60s);
  EXPECT_EQ(o.ca_file, "ca.pem");
  EXPECT_EQ(o.client_certificate_file, "own.pem");
  EXPECT_EQ(o.client_key_file, "own.key");
  EXPECT_EQ(o.properties, (PropertyMap{{"region", "eu"}, {"zone", "b"}}));
  EXPECT_EQ(o.filters.log, LogFilter(LevelFilter::kWarn, {{"net", LevelFilter::kDebug}}));
  EXPECT_FALSE(o.filters.spans);
  EXPECT_EQ(o.filters.max_verbosity, VerbosityFilter::kMed);
  EXPECT_EQ(o.console_filter, LogFilter(LevelFilter::kError));
  EXPECT_EQ(o.upload_filter, LogFilter(LevelFilter::kDebug, {{"db", LevelFilter::kOff}}));
  EXPECT_EQ(o.flush.period, 250ms);
  EXPECT_EQ(o.upload_soft_bytes, 65536u);
  EXPECT_EQ(o.upload_hard_bytes, 131072u);
  EXPECT_EQ(o.max_in_flight, 1);
  EXPECT_EQ(o.request_timeout, 2s);
  EXPECT_EQ(o.system_metrics_period, 500ms);
  ASSERT_TRUE(o.parent_process_id);
  EXPECT_EQ(o.parent_process_id->to_string(), "11111111-2222-4333-8444-555555555555");
}

TEST_F(OptionsTest, ABlankVariableCountsAsUnset) {
  for (const char* name : kNames) setenv(name, " \t ", 1);
  const ResolvedOptions o = resolved();
  EXPECT_EQ(o.url, "");
  EXPECT_TRUE(o.filters.spans);
  EXPECT_EQ(o.flush.period, 60s);
  EXPECT_FALSE(o.parent_process_id);
  for (const char* name : kNames) setenv(name, "", 1);
  EXPECT_EQ(resolved().max_in_flight, 3);
}

TEST_F(OptionsTest, AnOptionWinsOverTheEnvironmentEvenABadOne) {
  for (const char* name : kNames) {
    const std::string variable = name;
    if (variable.ends_with("PROPERTIES")) continue;      // both are read
    if (variable.ends_with("PARENT_PROCESS")) continue;  // no option
    setenv(name, "nonsense", 1);
  }
  setenv("MICROMEGAS_PROCESS_PROPERTIES", "region=eu,zone=b", 1);
  const ResolvedOptions o = resolved({
      .url = "http://option",
      .api_key = "key",
      .oidc_token_buffer = 30s,
      .properties = {{"region", "us"}},
      .log_filter = LogFilter(LevelFilter::kDebug, {{"net", LevelFilter::kError}}),
      .console_filter = LevelFilter::kFatal,
      .upload_filter = LevelFilter::kOff,
      .max_verbosity = VerbosityFilter::kOff,
      .cpu_tracing = true,
      .span_sampling = SpanSampling::kWindows,
      .log_origin = true,
      .wait_when_full = WaitWhenFull{},
      .wait_limit = 2s,
      .flush_period = 3s,
      .upload_soft_bytes = 1u << 20,
      .upload_hard_bytes = 2u << 20,
      .max_in_flight = 2,
      .request_timeout = 4s,
      .wire_compatibility = WireCompatibility::kBefore033,
      .system_metrics_period = 0s,
  });
  EXPECT_EQ(o.url, "http://option");
  EXPECT_EQ(o.api_key.reveal(), "key");
  EXPECT_EQ(o.oidc_token_buffer, 30s);
  EXPECT_EQ(o.properties, (PropertyMap{{"region", "us"}, {"zone", "b"}}));
  EXPECT_EQ(o.filters.log, LogFilter(LevelFilter::kDebug, {{"net", LevelFilter::kError}}));
  EXPECT_EQ(o.filters.max_verbosity, VerbosityFilter::kOff);
  EXPECT_TRUE(o.filters.spans);
  EXPECT_EQ(o.console_filter, LogFilter(LevelFilter::kFatal));
  EXPECT_EQ(o.upload_filter, LogFilter(LevelFilter::kOff));
  EXPECT_EQ(o.span_sampling, SpanSampling::kWindows);
  EXPECT_TRUE(o.flush.log_origin);
  EXPECT_EQ(o.wire_compatibility, WireCompatibility::kBefore033);
  EXPECT_EQ(o.wait_limit, 2s);
  EXPECT_EQ(o.flush.period, 3s);
  EXPECT_EQ(o.upload_soft_bytes, 1u << 20);
  EXPECT_EQ(o.max_in_flight, 2);
  EXPECT_EQ(o.request_timeout, 4s);
  EXPECT_EQ(o.system_metrics_period, 0s);
}

TEST_F(OptionsTest, EachBadValueIsAnErrorThatNamesIt) {
  const std::pair<const char*, std::vector<const char*>> bad[] = {
      {"MICROMEGAS_PROCESS_PROPERTIES", {"novalue", "=x", "a=b,c", "micromegas.x=y"}},
      {"MICROMEGAS_OIDC_TOKEN_BUFFER_SECONDS", {"-1", "3601", "soon"}},
      {"MICROMEGAS_LOG", {"loud", "info,warn", "net=loud", "=info", "net="}},
      {"MICROMEGAS_ENABLE_CPU_TRACING", {"2", "-1", "enabled", "true false"}},
      {"MICROMEGAS_LOG_ORIGIN", {"2", "maybe"}},
      {"MICROMEGAS_TELEMETRY_WIRE_COMPATIBILITY", {"0.31", "old"}},
      {"MICROMEGAS_MAX_VERBOSITY", {"loud", "1", "min,max"}},
      {"MICROMEGAS_LOCAL_SINK_MAX_LEVEL", {"verbose", "3x", "info,net"}},
      {"MICROMEGAS_TELEMETRY_SINK_MAX_LEVEL", {"verbose"}},
      {"MICROMEGAS_FLUSH_PERIOD", {"0", "-1", "1m", "nan", "99999999999", "86401"}},
      {"MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL", {"log", "logs metrics", "LOGS", "none,logs"}},
      {"MICROMEGAS_TELEMETRY_WAIT_LIMIT_SECS", {"0", "3601", "1m"}},
      {"MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES", {"0", "-1", "1e9", "128M", "65535"}},
      {"MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES", {"x", "99999999999999999999999"}},
      {"MICROMEGAS_TELEMETRY_MAX_IN_FLIGHT_REQUESTS", {"0", "65", "three"}},
      {"MICROMEGAS_TELEMETRY_REQUEST_TIMEOUT_SECS", {"0", "3601", "ten"}},
      {"MICROMEGAS_SYSTEM_METRICS_PERIOD", {"-1", "86401", "often"}},
      {"MICROMEGAS_TELEMETRY_PARENT_PROCESS", {"42", "11111111-2222-4333-8444-55555555555"}},
  };
  for (const auto& [name, values] : bad) {
    for (const char* value : values) {
      setenv(name, value, 1);
      EXPECT_THAT(error_of(), HasSubstr(name)) << value;
    }
    unsetenv(name);
  }
  EXPECT_EQ(error_of(), "no error");
}

TEST_F(OptionsTest, EachOptionOutOfRangeIsAnErrorThatNamesIt) {
  EXPECT_THAT(error_of({.properties = {{"micromegas.key", "x"}}}),
              AllOf(HasSubstr("micromegas.key"), HasSubstr("properties")));
  EXPECT_THAT(error_of({.properties = {{"", "x"}}}), HasSubstr("empty key"));
  EXPECT_THAT(error_of({.sinks = {ExtraSink{}}}), HasSubstr("null sink"));
  EXPECT_THAT(error_of({.queue_bytes = 1}), HasSubstr("queue_bytes is 1"));
  EXPECT_THAT(error_of({.flush_period = 0ms}), HasSubstr("flush_period is 0 ms"));
  EXPECT_THAT(error_of({.flush_period = -5ms}), HasSubstr("flush_period is -5 ms"));
  EXPECT_THAT(error_of({.system_metrics_period = 99ms}),
              HasSubstr("system_metrics_period is 99 ms"));
  EXPECT_THAT(error_of({.log_block_bytes = 127}), HasSubstr("log_block_bytes is 127"));
  EXPECT_THAT(error_of({.metrics_block_bytes = 0}), HasSubstr("metrics_block_bytes is 0"));
  EXPECT_THAT(error_of({.thread_block_bytes = 1u << 30}), HasSubstr("thread_block_bytes is"));
  EXPECT_THAT(error_of({.shutdown_deadline = -1ms}), HasSubstr("shutdown_deadline is -1 ms"));
  EXPECT_THAT(error_of({.upload_soft_bytes = 0}), HasSubstr("upload_soft_bytes is 0"));
  EXPECT_THAT(error_of({.upload_soft_bytes = std::size_t{1} << 41}),
              HasSubstr("upload_soft_bytes is 2199023255552"));
  EXPECT_THAT(error_of({.upload_hard_bytes = 1}), HasSubstr("upload_hard_bytes is 1"));
  EXPECT_THAT(error_of({.max_in_flight = 0}), HasSubstr("max_in_flight is 0"));
  EXPECT_THAT(error_of({.max_in_flight = -3}), HasSubstr("max_in_flight is -3"));
  EXPECT_THAT(error_of({.request_timeout = 0ms}), HasSubstr("request_timeout is 0 ms"));
}

TEST_F(OptionsTest, ReadsOfWhichKindsAThreadWaits) {
  setenv("MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL", " logs , spans", 1);
  setenv("MICROMEGAS_TELEMETRY_WAIT_LIMIT_SECS", "0.25", 1);
  EXPECT_EQ(resolved().wait, queue::kLogKinds | queue::kSpanKinds);
  EXPECT_EQ(resolved().wait_limit, 250ms);
  EXPECT_EQ(resolved({.wait_when_full = WaitWhenFull{.metrics = true}}).wait, queue::kMetricKinds);
  EXPECT_EQ(resolved({.wait_when_full = WaitWhenFull{}}).wait, 0) << "an option wins";
  setenv("MICROMEGAS_TELEMETRY_WAIT_WHEN_FULL", "none", 1);
  EXPECT_EQ(resolved().wait, 0);
  EXPECT_THAT(error_of({.wait_limit = 0ms}), HasSubstr("wait_limit is 0 ms"));
}

TEST_F(OptionsTest, ASoftLimitAboveTheHardOneIsAnErrorThatNamesBoth) {
  constexpr char kError[] =
      "init_telemetry: upload_soft_bytes (MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES) is 200000 and "
      "upload_hard_bytes (MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES) is 100000: the soft limit must "
      "not be above the hard one; lower it, raise the other, or leave one of them out";
  EXPECT_EQ(error_of({.upload_soft_bytes = 200'000, .upload_hard_bytes = 100'000}), kError);
  setenv("MICROMEGAS_TELEMETRY_MAX_QUEUE_BYTES", "200000", 1);
  EXPECT_EQ(error_of({.upload_hard_bytes = 100'000}), kError);
  setenv("MICROMEGAS_TELEMETRY_HARD_QUEUE_BYTES", "100000", 1);
  EXPECT_EQ(error_of(), kError);
  EXPECT_EQ(resolved({.upload_hard_bytes = 200'000}).upload_soft_bytes, 200'000U);
}

TEST_F(OptionsTest, OfTheLimitsTheOneThatIsNotGivenGivesWay) {
  EXPECT_EQ(resolved({.upload_soft_bytes = 1u << 30}).upload_hard_bytes, 1u << 30);
  EXPECT_EQ(resolved({.upload_soft_bytes = 1u << 20}).upload_hard_bytes, 256u << 20);
  EXPECT_EQ(resolved({.upload_hard_bytes = 1u << 20}).upload_soft_bytes, 1u << 20);
  EXPECT_EQ(resolved({.upload_hard_bytes = 1u << 30}).upload_soft_bytes, 128u << 20);
}

TEST_F(OptionsTest, ErrorsOfTheApiKeyDoNotShowIt) {
  setenv("MICROMEGAS_INGESTION_API_KEY", "very-secret", 1);
  setenv("MICROMEGAS_LOG", "loud", 1);
  EXPECT_THAT(error_of(), Not(HasSubstr("very-secret")));
}

TEST_F(OptionsTest, AWordOfAVariableStandsForTheDefaultOfItsSinkWhereItSaysNothing) {
  setenv("MICROMEGAS_LOG", "net=warn", 1);
  setenv("MICROMEGAS_LOCAL_SINK_MAX_LEVEL", "net=trace", 1);
  const ResolvedOptions o = resolved();
  EXPECT_EQ(o.filters.log, LogFilter(LevelFilter::kTrace, {{"net", LevelFilter::kWarn}}));
  EXPECT_EQ(o.console_filter, LogFilter(LevelFilter::kInfo, {{"net", LevelFilter::kTrace}}));
}

TEST_F(OptionsTest, CpuTracingReadsTheUsualWords) {
  for (const char* yes : {"true", "1", "on", "yes", "TRUE", "On"}) {
    setenv("MICROMEGAS_ENABLE_CPU_TRACING", yes, 1);
    EXPECT_TRUE(resolved().filters.spans) << yes;
  }
  for (const char* no : {"false", "0", "off", "no", "False"}) {
    setenv("MICROMEGAS_ENABLE_CPU_TRACING", no, 1);
    EXPECT_FALSE(resolved().filters.spans) << no;
  }
}

TEST(DefaultProperties, DescribeTheMachineAndOverrideNothing) {
  ProcessInfo process;
  process.exe = "/bin/program";
  process.distro = "Debian";
  process.properties = {{"exe", "mine"}, {"service", "matchmaker"}};
  add_default_properties(process);
  EXPECT_EQ(process.properties.at("exe"), "mine");
  EXPECT_EQ(process.properties.at("service"), "matchmaker");
  EXPECT_EQ(process.properties.at("distro"), "Debian");
  for (const char* number : {"physical_core_count", "logical_cpu_count", "total_memory"}) {
    EXPECT_GT(std::stoull(process.properties.at(number)), 0u) << number;
  }
  for (const char* text : {"username", "realname", "computer", "cpu_brand"}) {
    EXPECT_EQ(process.properties.count(text), 1u) << text;
  }
}

TEST(ParseProcessPropertiesTest, ReadsPairs) {
  const auto map = parse_process_properties(" a = 1 ,b=x=y,,c=, a=2 ");
  ASSERT_TRUE(map) << map.error().message();
  EXPECT_EQ(*map, (PropertyMap{{"a", "1"}, {"b", "x=y"}, {"c", ""}}));
  EXPECT_TRUE(parse_process_properties("")->empty());
  EXPECT_FALSE(parse_process_properties("a"));
  EXPECT_FALSE(parse_process_properties("a=1,=2"));
  EXPECT_FALSE(parse_process_properties("micromegas.audience=x"));
  EXPECT_TRUE(parse_process_properties("micromegas=x"));
}

}  // namespace
}  // namespace micromegas
