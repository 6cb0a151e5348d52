// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/fork.h"

#include <pthread.h>

#include <atomic>

namespace micromegas {
namespace {

using Hook = void (*)();

constinit std::atomic<Hook> g_prepare{nullptr};
constinit std::atomic<Hook> g_parent{nullptr};
constinit std::atomic<Hook> g_child{nullptr};
constinit std::atomic<bool> g_registered{false};

void run(const std::atomic<Hook>& hook) {
  if (Hook function = hook.load(std::memory_order_acquire)) function();
}

}  // namespace

bool set_fork_hooks(Hook prepare, Hook parent, Hook child) noexcept {
  g_prepare.store(prepare, std::memory_order_release);
  g_parent.store(parent, std::memory_order_release);
  g_child.store(child, std::memory_order_release);
  if (g_registered.exchange(true, std::memory_order_acq_rel)) return true;
  const int error =
      pthread_atfork([] { run(g_prepare); }, [] { run(g_parent); }, [] { run(g_child); });
  if (error != 0) g_registered.store(false, std::memory_order_release);
  return error == 0;
}

}  // namespace micromegas
