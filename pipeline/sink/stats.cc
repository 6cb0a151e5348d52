// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/stats.h"

namespace micromegas {
namespace {

constexpr std::array<std::string_view, kEventKinds> kKindNames{
    "log", "integer_metric", "float_metric", "span", "async_span", "image"};
constexpr std::array<std::string_view, kDropReasons> kReasonNames{
    "queue_full", "invalid", "stopped", "sink_failed", "upload_budget", "refused", "deadline"};

template <std::size_t N>
constexpr std::string_view name_at(const std::array<std::string_view, N>& names,
                                   std::size_t index) noexcept {
  return index < N ? names[index] : std::string_view("unknown");
}

}  // namespace

std::string_view to_string(EventKind kind) noexcept {
  return name_at(kKindNames, static_cast<std::size_t>(kind));
}

std::string_view to_string(DropReason reason) noexcept {
  return name_at(kReasonNames, static_cast<std::size_t>(reason));
}

}  // namespace micromegas
