// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Environment variables as options: a value that is blank (nothing or only white space) counts as
// unset, one that cannot be read is an error that names the variable, the value and the remedy.
//
//   auto period = micromegas::env_seconds("MICROMEGAS_FLUSH_PERIOD", 1s, 24h);
//   if (!period) return period.error();
//   if (*period) options.flush_period = **period;
//
// Not safe while another thread changes the environment: call at start.
#ifndef MICROMEGAS_PLATFORM_ENV_H_
#define MICROMEGAS_PLATFORM_ENV_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"

namespace micromegas {

// White space at both ends is taken off. Nothing when unset or blank.
std::optional<std::string> env_string(const char* name);
// The same without a copy: holds until the variable is set anew.
std::optional<std::string_view> env_view(const char* name);

// "true", "1", "on", "yes" or "false", "0", "off", "no", in any case.
Result<std::optional<bool>> env_bool(const char* name);

// Decimal digits only, in [min, max].
Result<std::optional<std::uint64_t>> env_unsigned(const char* name, std::uint64_t min,
                                                  std::uint64_t max);

// Seconds, with a fraction if wanted ("60", "0.5"), in [min, max].
Result<std::optional<std::chrono::milliseconds>> env_seconds(const char* name,
                                                             std::chrono::milliseconds min,
                                                             std::chrono::milliseconds max);

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_ENV_H_
