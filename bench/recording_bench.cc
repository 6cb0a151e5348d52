// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What an event costs. Run it with `./dev bench`; the method is in docs/performance.md.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "micromegas/bench/machine.h"
#include "micromegas/bench/measure.h"
#include "micromegas/telemetry.h"
#include "micromegas/transport/collector/collector.h"

namespace {

using namespace std::chrono_literals;
using bench::Shape;
using bench::Summary;

struct Row {
  std::string question;
  std::string name;
  unsigned threads;
  std::string unit;
  Summary value;
  double ratio;  // median to the clock read's
};

std::vector<Row> g_rows;
bool g_failed = false;

void fail(const std::string& why) {
  std::printf("NOT COUNTED: %s\n", why.c_str());
  g_failed = true;
}

void show(const Row& row) {
  std::printf("%-34s %7u %9.1f %9.1f %8.2f\n", row.name.c_str(), row.threads, row.value.median,
              row.value.p999, row.ratio);
  std::fflush(stdout);
}

// --- the statements ---

struct Case {
  const char* name;
  double events;  // per call
  std::function<std::vector<double>(const Shape&)> run;
};

volatile std::uint64_t g_kept;

template <class Statement>
Case make_case(const char* name, double events, Statement statement) {
  return {name, events, [=](const Shape& shape) {
            return bench::run_batches(shape, events == 0 ? 1 : events, statement);
          }};
}

std::vector<Case> warm_cases() {
  static const std::string text = "a string";
  return {
      make_case("clock read (rdtsc)", 0, [](int) { g_kept = micromegas::read_ticks(); }),
      make_case("literal log", 1, [](int) { MM_INFO("the queue is empty"); }),
      make_case("log int + double + string", 1,
                [](int i) { MM_INFO("{} took {:.1f} ms in {}", i, 0.5 * i, text); }),
      make_case("integer metric", 1, [](int i) { MM_IMETRIC("depth", "count", i); }),
      make_case("float metric", 1, [](int i) { MM_FMETRIC("time", "ms", 0.5 * i); }),
      make_case("span event", 2, [](int) { MM_SPAN("decode"); }),
      make_case("named span event", 2, [](int) { MM_SPAN_DYN(text); }),
      make_case("async_span_pair", 1, [](int) { MM_ASYNC_SPAN_VAR(span, "query"); }),
      make_case("async span pair with a property", 1,
                [](int i) { MM_ASYNC_SPAN_VAR(span, "query", micromegas::kv<"rows">(i)); }),
      make_case("disabled log", 0, [](int i) { MM_TRACE("{}", i); }),
  };
}

// Everything recorded since the last check was delivered, nothing dropped.
bool books_are_clean(const std::string& what) {
  micromegas::flush(20s);
  const micromegas::KindStats total = micromegas::stats().total();
  if (total.dropped_total() == 0 && total.recorded == total.delivered) return true;
  fail(what + ": recorded " + std::to_string(total.recorded) + ", delivered " +
       std::to_string(total.delivered) + ", dropped " + std::to_string(total.dropped_total()));
  return false;
}

// What the ratios are to: the first case, measured before anything else.
double read_clock() {
  std::vector<double> samples;
  std::thread([&] {
    bench::pin_to(1);
    samples = warm_cases().front().run(Shape{});
  }).join();
  return bench::summarize(samples).median;
}

void warm(unsigned threads, double clock_read) {
  for (const Case& c : warm_cases()) {
    std::vector<std::vector<double>> results(threads);
    std::latch ready(threads);
    std::vector<std::thread> producers;
    for (unsigned t = 0; t < threads; ++t) {
      producers.emplace_back([&, t] {
        bench::pin_to(threads == 1 ? 1 : t);
        ready.arrive_and_wait();
        results[t] = c.run(Shape{});
      });
    }
    for (auto& p : producers) p.join();
    std::vector<double> all;
    for (auto& r : results) all.insert(all.end(), r.begin(), r.end());
    const Summary value = bench::summarize(all);
    if (!books_are_clean(c.name)) continue;
    g_rows.push_back({"warm", c.name, threads, "ns", value, value.median / clock_read});
    show(g_rows.back());
  }
}

// Batches of 20 with 2 ms between them: the caches have seen other work, the processor has slept.
void paced(double clock_read) {
  constexpr int kBatch = 20;
  constexpr int kBatches = 2000;
  std::vector<double> per_event;
  std::vector<double> first;
  std::thread([&] {
    bench::pin_to(1);
    for (int b = -50; b < kBatches; ++b) {
      std::this_thread::sleep_for(2ms);
      const std::uint64_t begin = micromegas::read_ticks();
      MM_INFO("{} of {}", b, kBatches);
      const std::uint64_t one = micromegas::read_ticks();
      for (int i = 1; i < kBatch; ++i) MM_INFO("{} of {}", i, kBatches);
      const std::uint64_t end = micromegas::read_ticks();
      if (b < 0) continue;
      first.push_back(static_cast<double>(one - begin) * bench::ns_per_tick());
      per_event.push_back(static_cast<double>(end - begin) * bench::ns_per_tick() / kBatch);
    }
  }).join();
  if (!books_are_clean("paced")) return;
  for (auto& [name, values] :
       {std::pair("log in a batch of 20", &per_event), std::pair("first log of a batch", &first)}) {
    const Summary value = bench::summarize(*values);
    g_rows.push_back({"paced", name, 1, "ns", value, value.median / clock_read});
    show(g_rows.back());
  }
}

// Processor time of the library's threads from the queue to the socket.
void background(double clock_read) {
  struct Kind {
    const char* name;
    void (*event)(int);
  };
  const Kind kinds[] = {
      {"span events", [](int) { MM_SPAN("decode"); }},
      {"metrics", [](int i) { MM_IMETRIC("depth", "count", i); }},
      {"logs (int + int)", [](int i) { MM_INFO("{} of {}", i, 3); }},
  };
  for (const Kind& kind : kinds) {
    constexpr int kCalls = 1'000'000;
    books_are_clean(kind.name);
    const std::uint64_t events = micromegas::stats().total().delivered;
    const std::uint64_t bytes = micromegas::stats().bytes_sent;
    const std::uint64_t cpu = bench::thread_cpu_ns("mm-flush") + bench::thread_cpu_ns("mm-upload");
    for (int i = 0; i < kCalls; ++i) {
      kind.event(i);
      if (i % 2000 == 0) std::this_thread::sleep_for(100us);
    }
    if (!books_are_clean(kind.name)) continue;
    const auto n = static_cast<double>(micromegas::stats().total().delivered - events);
    const double ns = static_cast<double>(bench::thread_cpu_ns("mm-flush") +
                                          bench::thread_cpu_ns("mm-upload") - cpu) /
                      n;
    const double size = static_cast<double>(micromegas::stats().bytes_sent - bytes) / n;
    g_rows.push_back({"background", kind.name, 1, "ns", {ns, ns, ns, ns}, ns / clock_read});
    std::printf("%-34s %9.1f ns %9.2f bytes on the wire\n", kind.name, ns, size);
  }
}

void memory() {
  constexpr int kThreads = 100;
  const std::uint64_t before = bench::resident_bytes();
  std::latch recorded(kThreads);
  std::latch done(1);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      MM_SPAN("idle");
      MM_INFO("idle");
      recorded.count_down();
      done.wait();
    });
  }
  recorded.wait();
  const double mib =
      static_cast<double>(bench::resident_bytes() - before) / static_cast<double>(1 << 20);
  done.count_down();
  for (auto& t : threads) t.join();
  g_rows.push_back({"memory", "100 idle threads", 100, "MiB", {mib, mib, mib, mib}, 0});
  std::printf("%-34s %9.1f MiB\n", "100 idle threads, both queues", mib);
}

void write_json(const std::string& path) {
  std::ofstream out(path);
  out << "[\n";
  for (std::size_t i = 0; i < g_rows.size(); ++i) {
    const Row& row = g_rows[i];
    out << "  {\"question\": \"" << row.question << "\", \"case\": \"" << row.name
        << "\", \"library\": \"micromegas-cpp\", \"threads\": " << row.threads << ", \"unit\": \""
        << row.unit << "\", \"median\": " << row.value.median << ", \"p999\": " << row.value.p999
        << ", \"min\": " << row.value.min << ", \"max\": " << row.value.max
        << ", \"ratio\": " << row.ratio << "}" << (i + 1 < g_rows.size() ? "," : "") << "\n";
  }
  out << "]\n";
}

// The collector in a process of its own: its work is not the client's.
class CollectorProcess {
 public:
  CollectorProcess() {
    int fds[2];
    if (pipe(fds) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(fds[0]);
      auto collector = micromegas::collector::Collector::start();
      if (!collector) _exit(1);
      const std::string url = (*collector)->url();
      if (write(fds[1], url.data(), url.size()) < 0) _exit(1);
      close(fds[1]);
      for (;;) pause();
    }
    close(fds[1]);
    char buffer[256];
    for (ssize_t n; (n = read(fds[0], buffer, sizeof buffer)) > 0;) {
      url_.append(buffer, static_cast<std::size_t>(n));
    }
    close(fds[0]);
  }
  ~CollectorProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  pid_t pid_ = -1;
  std::string url_;
};

void head(const char* title) {
  std::printf("\n%s\n%-34s %7s %9s %9s %8s\n", title, "", "threads", "median", "p99.9", "ratio");
}

}  // namespace

int main(int argc, char** argv) {
  std::string json;
  std::string question;  // empty: all
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json" && i + 1 < argc) {
      json = argv[++i];
    } else if (std::string_view(argv[i]) == "--question" && i + 1 < argc) {
      question = argv[++i];
    } else {
      std::fprintf(stderr,
                   "recording_bench [--json FILE] [--question warm|paced|background|memory]\n");
      return 2;
    }
  }
  CollectorProcess collector;
  if (collector.url().empty()) {
    std::fprintf(stderr, "the collector did not start\n");
    return 1;
  }
  std::printf("%s\n", bench::machine().c_str());
  auto telemetry = micromegas::init_telemetry({
      .url = collector.url(),
      .console = false,
      .queue_bytes = 128U << 20,
      .flush_period = 1s,
  });
  if (!telemetry) {
    std::fprintf(stderr, "%s\n", telemetry.error().message().c_str());
    return 1;
  }
  const auto asked = [&](std::string_view name) { return question.empty() || question == name; };
  const double clock_read = read_clock();
  if (asked("warm")) {
    head("warm: ns per event, batches of 100; one producer on processor 1");
    warm(1, clock_read);
    head("warm, two producers at once, on processors 0 and 1");
    warm(2, clock_read);
  }
  if (asked("paced")) {
    head("paced: batches of 20, 2 ms apart, delivering to the collector");
    paced(clock_read);
  }
  if (asked("background")) {
    std::printf("\nbackground: processor time per event, queue to socket\n");
    background(clock_read);
  }
  if (asked("memory")) {
    std::printf("\nmemory\n");
    memory();
  }
  if (!json.empty()) write_json(json);
  return g_failed ? 1 : 0;
}
