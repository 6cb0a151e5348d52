// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// scenario FOLDER [0.30]: records everything, sends it over HTTP to a collector of its own, which
// writes the requests to FOLDER as they came, and writes what must be read in them to
// expected.jsonl. With 0.30, as for a server of that release.

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "micromegas/tests/conformance/scenario.h"
#include "micromegas/transport/collector/collector.h"

namespace micromegas::conformance {
namespace {

using namespace std::chrono_literals;

int fail(const std::string& what) {
  std::fprintf(stderr, "scenario: %s\n", what.c_str());
  return 1;
}

std::string executable() {
  std::array<char, 4096> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return std::string(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0).substr(0, 255);
}

std::string computer() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string username() {
  const passwd* user = getpwuid(geteuid());
  return user != nullptr ? user->pw_name : "";
}

json process_row(std::int64_t before, std::int64_t after) {
  return {{"kind", "process"},
          {"id", process_id()->to_string()},
          {"parent", nullptr},
          {"exe", executable()},
          {"computer", computer()},
          {"username", username()},
          {"frequency", 1'000'000'000},
          {"properties",
           {{"scenario", "1"}, {"größe", "世界"}, {"bad", "a\xef\xbf\xbd"}, {"empty", ""}}},
          {"time", {before, after}}};
}

void record_everything(Expected& e) {
  constexpr char kThread[] = "main-thread";
  record_logs(e);
  record_texts(e);
  record_metrics(e);
  record_images(e);
  record_spans(e, kThread);
  record_async_spans(e);
  record_tracks(e);
  {
    SCENARIO_SPAN(e, kThread, "around threads", __FILE__, MM_SPAN("around threads"));
    record_threads(e);
  }
  record_bulk(e, kThread);
  record_clock_steps(e, kThread);
}

int run(const std::string& folder, WireCompatibility compatibility) {
  auto collector = collector::Collector::start({.save_folder = folder});
  if (!collector) return fail(collector.error().message());
  set_thread_name("main-thread");
  const auto wall = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const std::int64_t before = wall();
  // Small blocks: they are cut in the middle of everything.
  auto telemetry = init_telemetry({
      .url = (*collector)->url(),
      .properties = {{"scenario", "1"}, {"größe", "世界"}, {"bad", "a\xff"}, {"empty", ""}},
      .default_properties = false,
      .console = false,
      .upload_filter = LevelFilter::kTrace,
      .cpu_tracing = true,
      .log_block_bytes = 4096,
      .metrics_block_bytes = 1024,
      .thread_block_bytes = 1024,
      .wire_compatibility = compatibility,
      .system_metrics_period = std::chrono::milliseconds(0),
      .report_end = false,
  });
  if (!telemetry) return fail(telemetry.error().message());

  Expected expected(compatibility);
  expected.add(process_row(before, wall()));
  record_everything(expected);
  if (!flush(30s)) return fail("not everything arrived");
  if (!shutdown(30s)) return fail("something was left behind");
  const KindStats total = stats().total();
  if (total.recorded == 0 || total.delivered != total.recorded) {
    return fail("recorded " + std::to_string(total.recorded) + ", delivered " +
                std::to_string(total.delivered));
  }
  (*collector)->stop();

  std::ofstream out(folder + "/expected.jsonl");
  for (const json& row : expected.rows()) out << row.dump() << '\n';
  out.close();
  return out ? 0 : fail("cannot write " + folder + "/expected.jsonl");
}

}  // namespace
}  // namespace micromegas::conformance

int main(int argc, char** argv) {
  using micromegas::WireCompatibility;
  const bool old = argc == 3 && std::string_view(argv[2]) == "0.30";
  if (argc != 2 && !old) {
    std::cerr << "usage: scenario FOLDER [0.30]\n";
    return 2;
  }
  return micromegas::conformance::run(
      argv[1], old ? WireCompatibility::kBefore033 : WireCompatibility::k033);
}
