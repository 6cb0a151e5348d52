// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/context.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "micromegas/pipeline/instrument/recorder.h"
#include "micromegas/wasm/mutex.h"
#include "micromegas/wasm/session.h"
#include "micromegas/wasm/text_buffer.h"

namespace micromegas::wasm {
namespace {

using Context = std::vector<std::pair<std::string, std::string>>;
// Shared, so that a sink that changes a context while it is in a log leaves that log whole.
using ContextPtr = std::shared_ptr<const Context>;

struct ThreadContexts {
  SessionId session = 0;  // that they are of; a later one does not know them
  ContextPtr thread;
  std::vector<ContextPtr> scopes;  // the innermost last
};
// A pointer, so that what logs when the thread's objects are gone finds none.
constinit thread_local ThreadContexts* t_contexts = nullptr;

ThreadContexts& here() {
  struct Owner {
    Owner() { t_contexts = new ThreadContexts; }
    Owner(const Owner&) = delete;
    Owner& operator=(const Owner&) = delete;
    ~Owner() { delete std::exchange(t_contexts, nullptr); }
  };
  thread_local const Owner owner;
  if (const SessionId session = last_session(); t_contexts->session != session) {
    *t_contexts = {};
    t_contexts->session = session;
  }
  return *t_contexts;
}

struct ProcessContext {
  Mutex mutex;
  ContextPtr context;
};
ProcessContext& process() {
  static auto* const context = new ProcessContext;  // never destroyed, as the session
  return *context;
}
ContextPtr process_context() {
  const std::lock_guard lock(process().mutex);
  return process().context;
}

void with_context(std::span<const Property> own, Deliver deliver) {
  std::vector<ContextPtr> contexts;
  if (t_contexts != nullptr && t_contexts->session == last_session()) {
    contexts.assign(t_contexts->scopes.rbegin(), t_contexts->scopes.rend());
    contexts.push_back(t_contexts->thread);
  }
  contexts.push_back(process_context());

  std::vector<Property> all(own.begin(), own.end());
  for (const ContextPtr& context : contexts) {
    if (context == nullptr) continue;
    for (const auto& [name, value] : *context) {
      bool found = false;
      for (const Property& p : all) found = found || same_property_name(p.name, name);
      if (!found) all.push_back({name, value});
    }
  }
  deliver(all);
}

ContextPtr make_context(const queue::ArgList& list, const FormatArg* args, const PropertySet* set) {
  g_with_context.store(&with_context, std::memory_order_release);
  auto context = std::make_shared<Context>();
  TextBuffer value;
  for (std::size_t i = 0; i < list.count; ++i) {
    value.clear();
    args[i].format(value, {}, args[i]);
    context->emplace_back(list.keys[i], value.view());
  }
  // Behind the pairs: the first of a name wins.
  if (set != nullptr) {
    for (const Property& p : set->properties()) context->emplace_back(p.name, p.value);
  }
  return context;
}

}  // namespace

void set_process_context(Context properties) {
  g_with_context.store(&with_context, std::memory_order_release);
  auto context = std::make_shared<const Context>(std::move(properties));
  const std::lock_guard lock(process().mutex);
  process().context = std::move(context);
}

std::uint32_t begin_context(const queue::ArgList& list, const FormatArg* args,
                            const PropertySet* set) {
  if (!session_running(0)) return 0;
  std::vector<ContextPtr>& scopes = here().scopes;
  scopes.push_back(make_context(list, args, set));
  return static_cast<std::uint32_t>(scopes.size());
}

void end_context(std::uint32_t depth) noexcept {
  if (t_contexts == nullptr) return;
  std::vector<ContextPtr>& scopes = t_contexts->scopes;
  while (scopes.size() >= depth) scopes.pop_back();
}

void set_thread_context(const queue::ArgList& list, const FormatArg* args, const PropertySet* set) {
  if (!session_running(0)) return;
  here().thread = make_context(list, args, set);
}

}  // namespace micromegas::wasm
