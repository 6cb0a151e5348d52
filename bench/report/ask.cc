// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/ask.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "micromegas/bench/harness/library.h"

namespace bench {
namespace {

Row to_row(const nlohmann::json& json) {
  Row row{.question = json.at("question"),
          .name = json.at("case"),
          .library = json.at("library"),
          .threads = json.at("threads"),
          .unit = json.at("unit")};
  if (json.contains("not_counted")) {
    row.not_counted = json.at("not_counted");
    return row;
  }
  row.median = json.at("median");
  row.min = json.at("min");
  row.max = json.at("max");
  row.ratio = json.at("ratio");
  return row;
}

}  // namespace

std::string ask_program(const std::string& path, const std::string& question, bool quick,
                        const std::function<void(const Row&)>& tell) {
  const std::string command = "'" + path + "' --question " + question + (quick ? " --quick" : "");
  std::FILE* out = popen(command.c_str(), "r");
  if (out == nullptr) return "cannot be started";
  char* line = nullptr;
  std::size_t size = 0;
  std::string why;
  while (getline(&line, &size, out) > 0) {
    if (*line != '{') {
      std::fputs(line, stderr);
      continue;
    }
    try {
      tell(to_row(nlohmann::json::parse(line)));
    } catch (const nlohmann::json::exception& error) {
      why = std::string("a row is damaged: ") + error.what();
    }
  }
  std::free(line);
  const int status = pclose(out);
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  if (code != 0 && code != kNotMyQuestion) return "ended with " + std::to_string(code);
  return why;
}

}  // namespace bench
