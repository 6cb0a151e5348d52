// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/telemetry_family.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <new>
#include <system_error>

#include "micromegas/platform/env.h"

namespace micromegas {
namespace {

// The last start that succeeded, in this process or, in a forked child, in its parent.
struct LastStart {
  pid_t pid = 0;
  Uuid process_id;
  std::optional<Uuid> given;
  std::optional<Uuid> parent;
};

std::mutex g_mutex;  // a fork may catch it locked: made anew in the child
std::optional<LastStart> g_last;
bool g_fork_hook = false;

bool only_thread() {
  std::error_code error;
  std::size_t threads = 0;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
       !error && task != end; task.increment(error)) {
    ++threads;
  }
  return !error && threads == 1;
}

}  // namespace

std::optional<Uuid> find_parent(const std::optional<Uuid>& given) {
  const std::lock_guard lock(g_mutex);
  if (!g_last) return given;
  const bool ours = given == std::optional(g_last->process_id);
  if (g_last->pid == getpid()) return ours ? g_last->parent : given;
  // Forked. Where the parent could not set the variable, it says what it said to the parent.
  return ours || given == g_last->given ? g_last->process_id : given;
}

ParentForChildren::ParentForChildren(const Uuid& process_id, const std::optional<Uuid>& given,
                                     const std::optional<Uuid>& parent)
    : process_id_(process_id),
      given_(given),
      parent_(parent),
      before_(env_string(kParentVariable)) {
  set_ = only_thread() && setenv(kParentVariable, process_id.to_string().c_str(), 1) == 0;
}

ParentForChildren::~ParentForChildren() {
  if (kept_ || !set_ || !only_thread()) return;
  if (before_) {
    setenv(kParentVariable, before_->c_str(), 1);
  } else {
    unsetenv(kParentVariable);
  }
}

void ParentForChildren::keep() noexcept {
  kept_ = true;
  const std::lock_guard lock(g_mutex);
  if (!g_fork_hook) {
    g_fork_hook = pthread_atfork(nullptr, nullptr, [] { new (&g_mutex) std::mutex; }) == 0;
  }
  g_last = LastStart{getpid(), process_id_, given_, parent_};
}

}  // namespace micromegas
