// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The command line of the collector program.
#ifndef MICROMEGAS_TRANSPORT_COLLECTOR_FLAGS_H_
#define MICROMEGAS_TRANSPORT_COLLECTOR_FLAGS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"

namespace micromegas::collector {

struct Flags {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8081;
  bool json = false;
  bool quiet = false;
  bool help = false;
  std::string save_folder;
  std::string decode_folder;
  std::string api_key_env;
};

// `arguments` without the program's name. "--name value" and "--name=value". An error names the
// flag and points to --help.
Result<Flags> parse_flags(std::span<const char* const> arguments);

std::string_view help_text() noexcept;

}  // namespace micromegas::collector

#endif  // MICROMEGAS_TRANSPORT_COLLECTOR_FLAGS_H_
