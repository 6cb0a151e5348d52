// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What a server that is away costs the writers, and how large events are once encoded. Run it with
// `./dev bench --delivery`; the method is in docs/performance.md.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/bench/harness/machine.h"
#include "micromegas/pipeline/flush/session.h"
#include "micromegas/pipeline/sink/null_sink.h"
#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/collector.h"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int kThreads = 2;
constexpr int kEvents = 5'000'000;  // of all threads
constexpr int kRounds = 7;

// Accepts connections, by the system's doing, and never reads.
class SilentServer {
 public:
  SilentServer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || listen(fd_, 64) != 0 || getsockname(fd_, any, &size) != 0) {
      std::perror("bench");
      std::abort();
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentServer() { close(fd_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
};

struct Cost {
  double seconds = 0;    // until the last writer had ended
  double cpu_per_event;  // ns of the writers' processor time
};

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Cost write_against(const std::string& url) {
  auto telemetry = micromegas::init_telemetry(
      {.url = url,
       .console = false,
       .sinks = {{std::make_shared<micromegas::NullSink>(), micromegas::LevelFilter::kInfo}},
       .flush_period = 100ms,
       .shutdown_deadline = 100ms});
  if (!telemetry) std::abort();
  std::array<double, kThreads> cpu{};
  const auto before = steady_clock::now();
  std::vector<std::thread> writers;
  writers.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&cpu, t] {
      for (int i = 0; i < kEvents / kThreads; ++i) MM_INFO("number {} of {}", i, t);
      cpu[static_cast<std::size_t>(t)] = thread_cpu_seconds();
    });
  }
  for (auto& writer : writers) writer.join();
  const std::chrono::duration<double> took = steady_clock::now() - before;
  // The actor is behind; only the server is to be given up.
  micromegas::pipeline::hand_over_session(steady_clock::now() + 60s);
  double sum = 0;
  for (const double seconds : cpu) sum += seconds;
  return {took.count(), sum / kEvents * 1e9};
}

Cost median(std::vector<Cost> costs) {
  const auto middle = [&](auto value) {
    std::sort(costs.begin(), costs.end(),
              [&](const Cost& a, const Cost& b) { return value(a) < value(b); });
    return value(costs[costs.size() / 2]);
  };
  return {middle([](const Cost& c) { return c.seconds; }),
          middle([](const Cost& c) { return c.cpu_per_event; })};
}

void show_what_a_server_costs() {
  const SilentServer silent;
  std::string dead;
  {
    const SilentServer gone;
    dead = gone.url();
  }
  const std::pair<const char*, std::string> servers[] = {
      {"none", ""}, {"dead", dead}, {"silent", silent.url()}};
  std::array<std::vector<Cost>, std::size(servers)> costs;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < std::size(servers); ++i) {
      costs[i].push_back(write_against(servers[i].second));
    }
  }
  std::printf("\n%d logs with two integers, %d threads, median of %d\n\n", kEvents, kThreads,
              kRounds);
  std::printf("%-8s %10s %7s %16s %7s\n", "server", "seconds", "ratio", "cpu, ns/event", "ratio");
  const Cost none = median(costs[0]);
  for (std::size_t i = 0; i < std::size(servers); ++i) {
    const Cost cost = median(costs[i]);
    std::printf("%-8s %10.3f %7.2f %16.1f %7.2f\n", servers[i].first, cost.seconds,
                cost.seconds / none.seconds, cost.cpu_per_event,
                cost.cpu_per_event / none.cpu_per_event);
  }
}

struct Kind {
  const char* name;
  int record_bytes;  // as docs/operations.md counts them
  double events;     // per call
  std::function<void(int)> record;
};

// 16 characters that differ from event to event.
const char* word(int i) {
  static char text[17];
  std::snprintf(text, sizeof(text), "user-%011u", static_cast<unsigned>(i) * 2654435761U);
  return text;
}

void show_sizes() {
  auto collector = micromegas::collector::Collector::start();
  if (!collector) std::abort();
  const Kind kinds[] = {
      {"literal log", 16, 1, [](int) { MM_INFO("the cache is warm"); }},
      {"log with two integers", 32, 1, [](int i) { MM_INFO("number {} of {}", i, i % 7); }},
      {"log with an integer and a text", 48, 1,
       [](int i) { MM_INFO("{}: {} ms", word(i), i % 500); }},
      {"metric", 24, 1, [](int i) { MM_IMETRIC("latency", "us", static_cast<unsigned>(i) % 500); }},
      {"begin or end of a span", 16, 2, [](int) { MM_SPAN("work"); }},
  };
  std::printf("\nBytes of an event, in blocks of 1 MiB of records or more\n\n");
  std::printf("%-32s %8s %9s %9s\n", "event", "record", "encoded", "part");
  for (const Kind& kind : kinds) {
    auto telemetry = micromegas::init_telemetry(
        {.url = (*collector)->url(), .console = false, .queue_bytes = 256U << 20});
    if (!telemetry) std::abort();
    for (int i = 0; i < 500'000; ++i) kind.record(i);
    if (!micromegas::flush(60s)) std::abort();
    const auto stats = micromegas::stats();
    const double encoded =
        static_cast<double>(stats.bytes_sent) / static_cast<double>(stats.total().delivered);
    std::printf("%-32s %8d %9.2f %8.0f%%\n", kind.name, kind.record_bytes, encoded,
                100 * encoded / kind.record_bytes);
  }
}

}  // namespace

int main() {
  std::printf("%s\n", bench::machine().c_str());
  show_what_a_server_costs();
  show_sizes();
}
