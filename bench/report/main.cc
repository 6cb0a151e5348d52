// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What `./dev bench` runs: asks each program each question, prints tables, writes JSON, pictures
// and the README's tables.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/bench/harness/machine.h"
#include "micromegas/bench/harness/row.h"
#include "micromegas/bench/report/ask.h"
#include "micromegas/bench/report/calm.h"
#include "micromegas/bench/report/flags.h"
#include "micromegas/bench/report/picture.h"
#include "micromegas/bench/report/readme.h"
#include "micromegas/bench/report/turns.h"

namespace {

using bench::Row;

using namespace std::chrono_literals;

constexpr auto kLimit = 10min;    // for one program's answer to one question
constexpr auto kPatience = 8min;  // with a machine that others use, for one question
constexpr int kTurns = 5;

struct Question {
  const char* name;
  const char* title;
  bool peers;         // whether other libraries are asked too
  bool calm = false;  // whether they are asked in turns, while the machine is calm
};
constexpr Question kQuestions[] = {
    {"warm", "in a tight loop, batches of 100; one producer on processor 1", true},
    {"paced",
     "batches of 20, 2 ms apart, delivering; the thread sleeps meanwhile, _busy: it does not", true,
     true},
    {"cold", "the first event of a thread, of a call site; caches evicted", false},
    {"threads", "as warm, several producers at once", true},
    {"storm", "16 threads as fast as they can for 10 s", false},
    {"background", "per event, from the queue to the socket", false},
    {"memory", "growth of the resident set", false},
    {"compile", "1,000 log statements", true},
    {"application", "the demo's job with and without instrumentation", false},
};

void print_head(const Question& question) {
  std::printf("\n%s: %s\n%-34s %-15s %7s %-7s %12s %12s %12s %8s\n", question.name, question.title,
              "", "", "threads", "", "median", "min", "max", "ratio");
}

void print_row(const Row& row) {
  std::printf("%-34s %-15s ", row.name.c_str(), row.library.c_str());
  if (!row.not_counted.empty()) {
    std::printf("NOT COUNTED: %s\n", row.not_counted.c_str());
  } else {
    std::printf("%7u %-7s %12.2f %12.2f %12.2f", row.threads, row.unit.c_str(), row.median, row.min,
                row.max);
    if (row.ratio > 0) std::printf(" %8.2f", row.ratio);
    std::printf("\n");
  }
  std::fflush(stdout);
}

bool write_file(const std::string& path, const std::string& content) {
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.close();
  if (!out) std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
  return static_cast<bool>(out);
}

// Said before anything is measured. Leaves what is there.
bool can_be_written(const std::string& path) {
  const bool can = static_cast<bool>(std::ofstream(path, std::ios::app));
  if (!can) std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
  return can;
}

std::string content_of(const std::string& path) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

std::string json_of(const std::vector<Row>& rows) {
  std::string out = "[\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += "  " + to_json(rows[i]) + (i + 1 < rows.size() ? ",\n" : "\n");
  }
  return out + "]\n";
}

// What one program answers; of a question that is asked of all at once it prints the rows as they
// come.
bench::Answer ask_one(const Question& question, const std::string& path, bool quick,
                      bool in_turns) {
  std::vector<std::string> args{"--question", question.name};
  if (quick) args.emplace_back("--quick");
  if (in_turns) args.emplace_back("--once");
  bench::Answer answer;
  answer.why = bench::ask_program(path, args, kLimit, [&](const Row& row) {
    answer.rows.push_back(row);
    if (!in_turns) print_row(row);
  });
  return answer;
}

// The rows of one question; false: a program failed, or a row is not counted.
bool ask(const Question& question, const bench::Flags& flags, std::vector<Row>& rows) {
  bool good = true;
  print_head(question);
  const auto take = [&](const std::string& library, bench::Answer answer) {
    for (Row& row : answer.rows) {
      // What it said before it failed is no figure either.
      if (!answer.why.empty() && row.not_counted.empty()) row.not_counted = "failed: " + answer.why;
      good &= row.not_counted.empty();
      rows.push_back(std::move(row));
    }
    if (answer.why.empty()) return;
    rows.push_back({.question = question.name,
                    .name = bench::kFailed,
                    .library = library,
                    .not_counted = "failed: " + answer.why});
    std::printf("%-34s %-15s FAILED: %s\n", "", library.c_str(), answer.why.c_str());
    good = false;
  };
  if (question.calm) {
    bench::Calm calm(kPatience);
    std::vector<bench::Answer> answers =
        bench::ask_in_turns(flags.programs.size(), flags.quick ? 1 : kTurns, [&](std::size_t p) {
          bench::Answer answer;
          const auto measure = [&] {
            answer = ask_one(question, flags.programs[p].second, flags.quick, true);
            return answer.why.empty() &&
                   std::all_of(answer.rows.begin(), answer.rows.end(),
                               [](const Row& row) { return row.not_counted.empty(); });
          };
          if (flags.quick) {
            measure();
          } else {
            calm.run(measure);
          }
          return answer;
        });
    for (std::size_t p = 0; p < answers.size(); ++p) {
      for (const Row& row : answers[p].rows) print_row(row);
      take(flags.programs[p].first, std::move(answers[p]));
    }
  } else {
    for (const auto& [library, path] : flags.programs) {
      take(library, ask_one(question, path, flags.quick, false));
    }
  }
  if (!question.peers) return good;
  for (const auto& [library, why] : flags.missing) {
    rows.push_back({.question = question.name,
                    .name = bench::kMissing,
                    .library = library,
                    .not_counted = "missing: " + why});
    std::printf("%-34s %-15s missing: %s\n", "", library.c_str(), why.c_str());
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = bench::parse_flags(argc, argv);
  if (!flags) {
    std::fprintf(stderr, "%s\n", flags.error().message().c_str());
    return 2;
  }
  if (flags->help) {
    std::string names;
    for (const Question& question : kQuestions) names += std::string(" ") + question.name;
    std::printf("./dev bench [--question QUESTION]... [--json FILE] [--quick]\nQuestions:%s\n",
                names.c_str());
    return 0;
  }
  for (const std::string& asked : flags->questions) {
    if (std::none_of(std::begin(kQuestions), std::end(kQuestions),
                     [&](const Question& question) { return asked == question.name; })) {
      std::fprintf(stderr, "--question %s: there is none of this name\n", asked.c_str());
      return 2;
    }
  }
  const std::string where = bench::machine() + ", commit " + flags->commit;
  const bool publish = !flags->readme.empty() || !flags->results.empty();
  const std::string rows_json = flags->results + "/rows.json";
  if (!flags->json.empty() && !can_be_written(flags->json)) return 2;
  if (!flags->results.empty() && !can_be_written(rows_json)) return 2;
  if (!flags->readme.empty() && bench::with_tables(content_of(flags->readme), where, {}).empty()) {
    std::fprintf(stderr, "%s: has no place for tables\n", flags->readme.c_str());
    return 2;
  }
  std::printf(
      "%s\nnanoseconds are per event; ratios are to one clock read (rdtsc) of the same run\n",
      where.c_str());
  std::vector<Row> all;
  std::vector<std::pair<std::string, std::string>> pictures;  // file, content
  bool good = true;
  for (const Question& question : kQuestions) {
    const auto& wanted = flags->questions;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), question.name) == wanted.end()) {
      continue;
    }
    std::vector<Row> rows;
    good &= ask(question, *flags, rows);
    all.insert(all.end(), rows.begin(), rows.end());
    std::string svg =
        bench::picture(std::string(question.name) + ": " + question.title, where, rows);
    if (!svg.empty()) {
      pictures.emplace_back(flags->results + "/" + question.name + ".svg", std::move(svg));
    }
  }
  bool written = flags->json.empty() || write_file(flags->json, json_of(all));
  if (publish && !good) {
    std::fprintf(stderr, "not published: something failed or does not count\n");
  } else if (publish) {
    if (!flags->results.empty()) {
      written &= write_file(rows_json, json_of(all));
      for (const auto& [file, svg] : pictures) written &= write_file(file, svg);
    }
    if (!flags->readme.empty()) {
      written &=
          write_file(flags->readme, bench::with_tables(content_of(flags->readme), where, all));
    }
  }
  return good && written ? 0 : 1;
}
