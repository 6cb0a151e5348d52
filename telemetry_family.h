// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Which process started this one, and how its own children will know: by
// MICROMEGAS_TELEMETRY_PARENT_PROCESS, or, after a fork, by memory. Internal to //:telemetry.
#ifndef MICROMEGAS_TELEMETRY_FAMILY_H_
#define MICROMEGAS_TELEMETRY_FAMILY_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <optional>
#include <string>

#include "micromegas/platform/uuid.h"

namespace micromegas {

inline constexpr const char* kParentVariable = "MICROMEGAS_TELEMETRY_PARENT_PROCESS";

// The parent of the telemetry process that starts now. `given`: what the environment says. Not our
// own earlier start in the same process, whose id stands there as well.
std::optional<Uuid> find_parent(const std::optional<Uuid>& given);

// Sets the variable for children while telemetry starts, if the calling thread is the only one:
// setenv() is not safe beside another thread's getenv(). Puts it back unless keep() is called.
// init_telemetry()'s; one at a time.
class ParentForChildren {
 public:
  ParentForChildren(const Uuid& process_id, const std::optional<Uuid>& given,
                    const std::optional<Uuid>& parent);
  ~ParentForChildren();
  ParentForChildren(const ParentForChildren&) = delete;
  ParentForChildren& operator=(const ParentForChildren&) = delete;

  // Telemetry runs.
  void keep() noexcept;

 private:
  Uuid process_id_;
  std::optional<Uuid> given_;
  std::optional<Uuid> parent_;
  std::optional<std::string> before_;
  bool set_ = false;
  bool kept_ = false;
};

}  // namespace micromegas

#endif  // MICROMEGAS_TELEMETRY_FAMILY_H_
