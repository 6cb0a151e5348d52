// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The demo: starts a collector (unless MICROMEGAS_TELEMETRY_URL names a server), runs the indexer
// against it over HTTP and shows what was recorded, what arrived and what it cost.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/examples/demo_report.h"
#include "micromegas/examples/indexer.h"
#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/collector.h"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using micromegas::collector::Collector;

constexpr int kBadUse = 2;

struct Flags {
  fs::path folder = ".";
  std::string json;
  unsigned workers = std::max(2U, std::thread::hardware_concurrency());
  bool help = false;
};

std::optional<Flags> parse(int argc, char** argv) {
  Flags flags;
  bool folder_given = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--help") {
      flags.help = true;
    } else if (arg == "--json" && i + 1 < argc) {
      flags.json = argv[++i];
    } else if (arg == "--workers" && i + 1 < argc) {
      const long n = std::strtol(argv[++i], nullptr, 10);
      if (n < 1 || n > 256) {
        std::fprintf(stderr, "--workers %s: use a number from 1 to 256\n", argv[i]);
        return std::nullopt;
      }
      flags.workers = static_cast<unsigned>(n);
    } else if (!arg.starts_with("-") && !folder_given) {
      flags.folder = arg;
      folder_given = true;
    } else {
      std::fprintf(stderr, "%s: not understood; see --help\n", argv[i]);
      return std::nullopt;
    }
  }
  if (!fs::is_directory(flags.folder)) {
    std::fprintf(stderr, "%s: not a folder\n", flags.folder.c_str());
    return std::nullopt;
  }
  return flags;
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<Flags> flags = parse(argc, argv);
  if (!flags) return kBadUse;
  if (flags->help) {
    std::puts(
        "indexer_demo [FOLDER] [--workers N] [--json FILE]\n"
        "Indexes FOLDER (.) and reports to a collector of its own, or to the server that\n"
        "MICROMEGAS_TELEMETRY_URL names; ends with a table, and its figures in FILE.");
    return 0;
  }

  micromegas::TelemetryOptions options{.properties = {{"service", "indexer"}}};
  options.console_filter = micromegas::LevelFilter::kInfo;
  std::unique_ptr<Collector> collector;
  const char* url = std::getenv("MICROMEGAS_TELEMETRY_URL");
  if (url == nullptr || *url == '\0') {
    auto started = Collector::start();
    if (!started) {
      std::fprintf(stderr, "%s\n", started.error().message().c_str());
      return 1;
    }
    collector = std::move(*started);
    options.url = collector->url();
    std::printf("collector listening on %s\n", options.url.c_str());
    std::fflush(stdout);
  }
  auto telemetry = micromegas::init_telemetry(std::move(options));
  if (!telemetry) {
    std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());
    return 1;
  }

  const auto begin = std::chrono::steady_clock::now();
  demo::Report report;
  report.index = indexer::index_folder(flags->folder, flags->workers);
  report.job_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  micromegas::shutdown(10s);
  report.client = micromegas::stats();
  if (collector != nullptr) {
    report.collector = collector->stats();
    report.spans = collector->span_summaries();
    collector->stop();
  }

  demo::print(report);
  if (!flags->json.empty() && !demo::write_json(report, flags->json)) {
    std::fprintf(stderr, "%s: cannot be written\n", flags->json.c_str());
    return 1;
  }
  return demo::all_delivered(report) ? 0 : 1;
}
