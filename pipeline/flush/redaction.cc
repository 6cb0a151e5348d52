// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/flush/redaction.h"

#include <atomic>
#include <utility>

namespace micromegas::pipeline {
namespace {

struct Node {
  Redactor redactor;
  const Node* before;  // keeps it reachable
};

// The last one set; its redactor may be empty.
constinit std::atomic<const Node*> g_last{nullptr};

}  // namespace

void set_redactor(Redactor redactor) {
  const Node* before = g_last.load(std::memory_order_acquire);
  if (!redactor && (before == nullptr || !before->redactor)) return;
  auto* const node = new Node{std::move(redactor), before};
  while (!g_last.compare_exchange_weak(before, node, std::memory_order_acq_rel)) {
    node->before = before;
  }
}

const Redactor* current_redactor() noexcept {
  const Node* const last = g_last.load(std::memory_order_acquire);
  return last != nullptr && last->redactor ? &last->redactor : nullptr;
}

}  // namespace micromegas::pipeline
