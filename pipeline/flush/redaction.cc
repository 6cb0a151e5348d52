// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/redaction.h"

#include <mutex>
#include <utility>

namespace micromegas::pipeline {
namespace {

struct State {
  std::mutex mutex;
  std::shared_ptr<const Redactor> redactor;
};

// Never destroyed: blocks are read until the last thread ends.
State& state() noexcept {
  static State* const one = new State;
  return *one;
}

}  // namespace

void set_redactor(std::shared_ptr<const Redactor> redactor) noexcept {
  const std::lock_guard lock(state().mutex);
  state().redactor.swap(redactor);
}

std::shared_ptr<const Redactor> current_redactor() noexcept {
  const std::lock_guard lock(state().mutex);
  return state().redactor;
}

}  // namespace micromegas::pipeline
