// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/harness/library.h"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include "micromegas/bench/harness/meeting.h"

namespace bench {
namespace {

using namespace std::chrono_literals;

Shape shape_of(const Asked& asked) {
  return asked.quick ? Shape{.rounds = 3, .warm_rounds = 1} : Shape{};
}

// Whether what was recorded from here on arrives.
class Books {
 public:
  explicit Books(const Library& library) : library_(library), before_(arrived()) {}

  void expect(const Case& c, const Shape& shape, std::uint64_t runs = 1) {
    expected_ += runs * (shape.statements() * static_cast<std::uint64_t>(c.events) +
                         static_cast<std::uint64_t>(c.events_around));
  }
  // Waits until everything has arrived. What is wrong; empty: nothing.
  std::string lost() {
    library_.settle();
    std::string gone = library_.lost();
    if (!gone.empty() || !library_.arrived) return gone;
    // Whose settle() cannot tell that the last are under way is given time.
    const auto deadline = std::chrono::steady_clock::now() + 1s;
    std::uint64_t came = arrived() - before_;
    while (came < expected_ && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
      came = arrived() - before_;
    }
    if (came == expected_) return {};
    return "recorded " + std::to_string(expected_) + ", arrived " + std::to_string(came);
  }

 private:
  [[nodiscard]] std::uint64_t arrived() const { return library_.arrived ? library_.arrived() : 0; }

  const Library& library_;
  std::uint64_t before_;
  std::uint64_t expected_ = 0;
};

// The median batch of the slowest of `threads` producers at once, each on a processor of its own if
// there are as many.
double median_batch(const Library& library, const Case& c, const Shape& shape, unsigned threads) {
  std::vector<std::vector<double>> results(threads);
  Meeting meeting(threads);
  const Case::Rest rest = [&] {
    library.rest();
    meeting.wait();
  };
  std::vector<std::thread> producers;
  for (unsigned t = 0; t < threads; ++t) {
    producers.emplace_back([&, t] {
      pin_to(threads == 1 ? 1 : t);
      library.begin_thread();
      meeting.wait();
      results[t] = c.run(shape, rest);
    });
  }
  for (auto& producer : producers) producer.join();
  return slowest_median(results);
}

// Every case once in each repetition, so that whatever the machine does meanwhile meets them all.
void ask_batches(const std::string& question, const Asked& asked, const Library& library,
                 const std::vector<Case>& cases, unsigned threads) {
  std::vector<std::vector<double>> values(cases.size());
  std::vector<std::string> lost(cases.size());
  std::vector<double> clock;
  const Shape shape = shape_of(asked);
  for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
    clock.push_back(median_batch(library, clock_read(), shape, 1));
    for (std::size_t i = 0; i < cases.size(); ++i) {
      Books books(library);
      values[i].push_back(median_batch(library, cases[i], shape, threads));
      books.expect(cases[i], shape, threads);
      if (std::string gone = books.lost(); !gone.empty()) lost[i] = std::move(gone);
    }
  }
  std::vector<double> sorted = clock;
  const double clock_ns = percentile(sorted, 0.5);
  // With several producers it is one of the cases.
  if (threads == 1) {
    print(summarize(question, "clock_read", library.name, 1, "ns", std::move(clock), clock_ns));
  }
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Row row = summarize(question, cases[i].name, library.name, threads, "ns", std::move(values[i]),
                        clock_ns);
    row.not_counted = lost[i];
    print(row);
  }
}

const Case* find(const Library& library, std::string_view name) {
  for (const Case& c : library.cases) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

void ask_threads(const Asked& asked, const Library& library) {
  std::vector<Case> cases;
  for (const std::string& name : library.threads_cases) {
    if (const Case* c = find(library, name)) cases.push_back(*c);
  }
  for (const unsigned threads : {1U, 2U, 4U, 16U}) {
    if (asked.quick && threads > 2) break;
    if (threads == 2) cases.insert(cases.begin(), clock_read());
    ask_batches("threads", asked, library, cases, threads);
  }
}

constexpr std::pair<const char*, double> kPercentiles[] = {
    {"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"worst", 1}};

// A row of `paced` for each percentile, of samples that the repetitions gave.
class PacedRows {
 public:
  explicit PacedRows(std::string name) : name_(std::move(name)) {}

  void add(std::vector<double> samples) {
    for (std::size_t p = 0; p < std::size(kPercentiles); ++p) {
      values_[p].push_back(percentile(samples, kPercentiles[p].second));
    }
  }
  void print(const std::string& library, double clock_ns, const std::string& lost) {
    for (std::size_t p = 0; p < std::size(kPercentiles); ++p) {
      Row row = summarize("paced", name_ + "_" + kPercentiles[p].first, library, 1, "ns",
                          std::move(values_[p]), clock_ns);
      row.not_counted = lost;
      bench::print(row);
    }
  }

 private:
  std::string name_;
  std::vector<double> values_[std::size(kPercentiles)];
};

// 2.0 to 2.2 ms of clock reads: how Quill's bench waits, so that figures can be compared. Random,
// or batches and the system's tick would keep step.
void stay_busy() {
  static std::minstd_rand random;
  std::uniform_int_distribution<int> microseconds(2000, 2200);
  const auto end = std::chrono::steady_clock::now() + microseconds(random) * 1us;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Asleep, the processor stops and others use its caches: the batch pays for the waking, too.
void sleep_2_ms() { std::this_thread::sleep_for(2ms); }

// Batches of 20, a gap before each; the same with only the first event timed; and what nobody can
// do without.
class Paced {
 public:
  Paced(const std::string& gap_name, Case::Rest gap)
      : gap_(std::move(gap)),
        batch_("batch_of_20" + gap_name),
        floor_("floor_of_20" + gap_name),
        first_("first_of_batch" + gap_name) {}

  void run(const Library& library, const Case& c, int batches, Books& books) {
    const Shape twenty{.batch = 20, .round = 1, .rounds = batches, .warm_rounds = 20};
    // By turns: the first of two in a fixed order can look the better one.
    floor_first_ = !floor_first_;
    if (library.paced_floor && floor_first_) floor_.add(bare_stores().run(twenty, gap_));
    batch_.add(c.run(twenty, gap_));
    books.expect(c, twenty);
    if (library.paced_floor && !floor_first_) floor_.add(bare_stores().run(twenty, gap_));
    const Shape one{.batch = 1, .round = 1, .rounds = 1, .warm_rounds = 0};
    const Shape rest_of_batch{.batch = 19, .round = 1, .rounds = 1, .warm_rounds = 0};
    std::vector<double> firsts;
    for (int b = 0; b < batches; ++b) {
      gap_();
      firsts.push_back(c.run(one, [] {}).front());
      c.run(rest_of_batch, [] {});
      books.expect(c, one);
      books.expect(c, rest_of_batch);
    }
    first_.add(std::move(firsts));
  }
  void print(const Library& library, double clock_ns, const std::string& lost) {
    batch_.print(library.name, clock_ns, lost);
    if (library.paced_floor) floor_.print(library.name, clock_ns, {});
    first_.print(library.name, clock_ns, lost);
  }

 private:
  Case::Rest gap_;
  PacedRows batch_;
  PacedRows floor_;
  PacedRows first_;
  bool floor_first_ = std::random_device{}() % 2 == 0;
};

void ask_paced(const Asked& asked, const Library& library) {
  const Case* c = find(library, library.paced_case);
  if (c == nullptr) return;
  const double clock_ns = clock_read_ns(asked);
  const int batches = asked.quick ? 20 : 2000;
  Paced slept("", sleep_2_ms);
  Paced busy("_busy", stay_busy);
  std::string lost;
  for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
    Books books(library);
    std::thread([&] {
      pin_to(1);
      library.begin_thread();
      // Until the queues go round.
      const Shape before{.batch = 20, .round = 1, .rounds = batches / 4, .warm_rounds = 0};
      c->run(before, sleep_2_ms);
      books.expect(*c, before);
      slept.run(library, *c, batches, books);
      busy.run(library, *c, batches, books);
    }).join();
    if (std::string gone = books.lost(); !gone.empty()) lost = std::move(gone);
  }
  slept.print(library, clock_ns, lost);
  busy.print(library, clock_ns, lost);
}

}  // namespace

Asked parse(int argc, char** argv) {
  Asked asked;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--quick") {
      asked.quick = true;
      asked.repetitions = 1;
    } else if (arg == "--once") {
      asked.repetitions = 1;
    } else if (arg == "--question" && i + 1 < argc) {
      asked.question = argv[++i];
    } else {
      std::fprintf(stderr, "%s: not understood; --question QUESTION [--quick] [--once]\n", argv[i]);
      std::exit(2);
    }
  }
  return asked;
}

void rest_500_us() { std::this_thread::sleep_for(500us); }

bool ask(const Asked& asked, const Library& library) {
  if (asked.question == "warm") {
    ask_batches("warm", asked, library, library.cases, 1);
  } else if (asked.question == "threads") {
    ask_threads(asked, library);
  } else if (asked.question == "paced") {
    ask_paced(asked, library);
  } else {
    return false;
  }
  return true;
}

double clock_read_ns(const Asked& asked) {
  std::vector<double> medians;
  std::thread([&] {
    pin_to(1);
    for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
      std::vector<double> samples = clock_read().run(shape_of(asked), rest_500_us);
      medians.push_back(percentile(samples, 0.5));
    }
  }).join();
  return percentile(medians, 0.5);
}

Row summarize(std::string question, std::string name, std::string library, unsigned threads,
              std::string unit, std::vector<double> values, double clock_ns) {
  Row row{.question = std::move(question),
          .name = std::move(name),
          .library = std::move(library),
          .threads = threads,
          .unit = std::move(unit)};
  row.median = percentile(values, 0.5);
  row.min = percentile(values, 0);
  row.max = percentile(values, 1);
  row.ratio = clock_ns > 0 ? row.median / clock_ns : 0;
  return row;
}

}  // namespace bench
