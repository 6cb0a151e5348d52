// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// scenario FOLDER GROUP [0.30]: records a group of events, sends it over HTTP to a collector of its
// own, which writes the requests to FOLDER as they came, and writes what must be read in them to
// expected.jsonl. With 0.30, as for a server of that release.

#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
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
           {{"scenario", "1"},
            {"version", "1.2.3"},
            {"größe", "世界"},
            {"bad", "a\xef\xbf\xbd"},
            {"empty", ""}}},
          {"time", {before, after}}};
}

void record_everything(Expected& e) {
  constexpr char kThread[] = "main-thread";
  record_logs(e);
  record_context(e, kThread);
  record_texts(e);
  record_metrics(e);
  record_images(e);
  record_spans(e, kThread);
  record_async_spans(e);
  record_tracks(e);
  record_misplaced(e, kThread);
  {
    SCENARIO_SPAN(e, kThread, "around threads", __FILE__, MM_SPAN("around threads"));
    record_threads(e);
  }
  record_bulk(e, kThread);
  record_clock_steps(e, kThread);
}

// What one run records, and with which options.
struct Group {
  std::string_view name;
  void (*set)(TelemetryOptions& options);
  void (*record)(Expected& expected);
  bool dies;  // by terminate()
};
void nothing_set(TelemetryOptions& /*options*/) {}
constexpr Group kGroups[] = {
    {"everything", &nothing_set, &record_everything, false},
    {"options", &set_options, &record_options, false},
    {"windows", &set_windows, &record_windows, false},
    {"terminate", &set_terminate, &record_terminate, true},
};

std::int64_t wall() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Small blocks: they are cut in the middle of everything.
TelemetryOptions options_of(const Group& group, const std::string& url,
                            WireCompatibility compatibility) {
  TelemetryOptions options{
      .url = url,
      .properties = {{"scenario", "1"},
                     {"version", "1.2.3"},
                     {"größe", "世界"},
                     {"bad", "a\xff"},
                     {"empty", ""}},
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
  };
  watch_own_metrics(options);
  group.set(options);
  return options;
}

int write_expected(const std::string& folder, const Expected& expected) {
  std::ofstream out(folder + "/expected.jsonl");
  for (const json& row : expected.rows()) out << row.dump() << '\n';
  out.close();
  return out ? 0 : fail("cannot write " + folder + "/expected.jsonl");
}

int record(const Group& group, const std::string& folder, const std::string& url,
           WireCompatibility compatibility) {
  set_thread_name("main-thread");
  const std::int64_t before = wall();
  auto telemetry = init_telemetry(options_of(group, url, compatibility));
  if (!telemetry) return fail(telemetry.error().message());

  Expected expected(compatibility);
  expected.add(process_row(before, wall()));
  group.record(expected);
  if (group.dies) {
    if (write_expected(folder, expected) != 0) return 1;
    terminate();
  }
  if (!flush(30s)) return fail("not everything arrived");
  if (!shutdown(30s)) return fail("something was left behind");
  for (json& row : own_metrics()) expected.add(std::move(row));
  const KindStats total = stats().total();
  if (total.recorded == 0 || total.dropped_total() != expected.dropped() ||
      total.delivered + total.sampled_out + total.dropped_total() != total.recorded) {
    return fail("recorded " + std::to_string(total.recorded) + ", delivered " +
                std::to_string(total.delivered) + ", sampled out " +
                std::to_string(total.sampled_out) + ", dropped " +
                std::to_string(total.dropped_total()) + " instead of " +
                std::to_string(expected.dropped()));
  }
  return write_expected(folder, expected);
}

// The collector outlives who dies.
int run_child(const Group& group, const std::string& folder, WireCompatibility compatibility) {
  int url[2];
  if (pipe(url) != 0) return fail("no pipe");
  const pid_t child = fork();
  if (child == 0) {
    alarm(50);  // sooner than who waits for us is ended
    close(url[1]);
    std::string text(256, '\0');
    const ssize_t size = read(url[0], text.data(), text.size());
    if (size <= 0) _exit(1);
    text.resize(static_cast<std::size_t>(size));
    _exit(record(group, folder, text, compatibility));
  }
  auto collector = collector::Collector::start({.save_folder = folder});
  if (!collector) return fail(collector.error().message());
  const std::string text = (*collector)->url();
  const bool told = write(url[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(url[1]);
  int status = 0;
  waitpid(child, &status, 0);
  (*collector)->stop();
  if (!told || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) {
    return fail("it did not die as it should: wait status " + std::to_string(status));
  }
  return 0;
}

int run(const Group& group, const std::string& folder, WireCompatibility compatibility) {
  if (group.dies) return run_child(group, folder, compatibility);
  auto collector = collector::Collector::start({.save_folder = folder});
  if (!collector) return fail(collector.error().message());
  const int result = record(group, folder, (*collector)->url(), compatibility);
  (*collector)->stop();
  return result;
}

}  // namespace
}  // namespace micromegas::conformance

int main(int argc, char** argv) {
  using micromegas::WireCompatibility;
  const bool old = argc == 4 && std::string_view(argv[3]) == "0.30";
  if (argc == 3 || old) {
    for (const auto& group : micromegas::conformance::kGroups) {
      if (group.name != argv[2]) continue;
      return micromegas::conformance::run(
          group, argv[1], old ? WireCompatibility::kBefore033 : WireCompatibility::k033);
    }
  }
  std::cerr << "usage: scenario FOLDER everything|options|windows|terminate [0.30]\n";
  return 2;
}
