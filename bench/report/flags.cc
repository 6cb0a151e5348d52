// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/bench/report/flags.h"

#include <string_view>

namespace bench {

micromegas::Result<Flags> parse_flags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--quick") {
      flags.quick = true;
      continue;
    }
    if (name == "--help") {
      flags.help = true;
      continue;
    }
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    const std::size_t equals = value.find('=');
    const auto pair = [&] { return std::pair(value.substr(0, equals), value.substr(equals + 1)); };
    if (name == "--program" && equals != std::string::npos) {
      flags.programs.push_back(pair());
    } else if (name == "--missing" && equals != std::string::npos) {
      flags.missing.push_back(pair());
    } else if (name == "--question" && !value.empty()) {
      flags.questions.push_back(value);
    } else if (name == "--json" && !value.empty()) {
      flags.json = value;
    } else if (name == "--readme" && !value.empty()) {
      flags.readme = value;
    } else if (name == "--results" && !value.empty()) {
      flags.results = value;
    } else if (name == "--commit" && !value.empty()) {
      flags.commit = value;
    } else {
      return micromegas::Error(std::string(name) + ": not understood; see --help");
    }
    ++i;
  }
  return flags;
}

}  // namespace bench
