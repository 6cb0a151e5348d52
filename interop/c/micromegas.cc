// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/micromegas.h"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "micromegas/dispatch.h"
#include "micromegas/telemetry.h"

struct MmHandle {
  micromegas::TelemetryGuard guard;
};

namespace {

using micromegas::Level;
using micromegas::Property;
using micromegas::PropertySet;

constexpr std::string_view kTarget = "capi";

constinit micromegas::StaticMetricMetadata g_metric{.verbosity = micromegas::Verbosity::kMin,
                                                    .target = kTarget};
constinit micromegas::SpanLocation g_span{.target = kTarget};

std::string_view text_or(const char* text, std::string_view otherwise) {
  return text != nullptr ? std::string_view(text) : otherwise;
}

Level level_of(int level) {
  return level >= MM_LEVEL_FATAL && level <= MM_LEVEL_DEBUG ? static_cast<Level>(level)
                                                            : Level::kTrace;
}

constexpr std::size_t kFewPairs = PropertySet::kMaxProperties;
constexpr std::size_t kMaxPairs = 4096;

// Not initialised: 2 KiB, of which most events need little.
union FewPairs {
  FewPairs() {}
  Property pairs[kFewPairs];
};

std::span<const Property> copy_pairs(const MmProperty* from, std::size_t count, Property* to) {
  for (std::size_t i = 0; i < count; ++i) {
    new (to + i) Property{text_or(from[i].name, ""), text_or(from[i].value, "")};
  }
  return {to, count};
}

// Calls `record` with the caller's pairs as views. Without memory only the first ones; of a count
// that cannot be meant, none: one without a name, which is counted as refused.
template <class Record>
void with_pairs(const MmProperty* from, std::size_t count, Record record) {
  if (from == nullptr || count == 0) return record(std::span<const Property>());
  if (count > kMaxPairs) {
    const Property refused{};
    return record(std::span<const Property>(&refused, 1));
  }
  static_assert(std::is_trivially_destructible_v<Property>);
  if (count > kFewPairs) {
    const std::unique_ptr<Property[]> many(new (std::nothrow) Property[count]);
    if (many != nullptr) return record(copy_pairs(from, count, many.get()));
    count = kFewPairs;
  }
  FewPairs few;
  record(copy_pairs(from, count, few.pairs));
}

// Nothing is thrown into C: without memory `otherwise`, and a line on stderr.
template <class T, class Call>
T guarded([[maybe_unused]] const char* function, [[maybe_unused]] T otherwise, Call call) {
#if defined(__cpp_exceptions)
  try {
    return call();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", function, e.what());
    return otherwise;
  }
#else
  return call();
#endif
}

const PropertySet& no_set() {
  static const PropertySet& set = PropertySet::intern({});
  return set;
}

MmHandle* start(const MmConfig& config) {
  micromegas::TelemetryOptions options;
  options.console = false;
  // A blank one is not taken from the environment, and none.
  if (config.sink_url != nullptr) options.url = *config.sink_url != 0 ? config.sink_url : " ";
  if (config.property_keys != nullptr && config.property_values != nullptr) {
    for (unsigned int i = 0; i < config.property_count; ++i) {
      const char* const key = config.property_keys[i];
      const char* const value = config.property_values[i];
      if (key == nullptr || value == nullptr || *key == 0) continue;
      if (std::string_view(key).starts_with("micromegas.")) {
        std::fprintf(stderr,
                     "mm_init: the property '%s' is left out: such names are the server's\n", key);
        continue;
      }
      options.properties.insert_or_assign(key, value);
    }
  }
  auto started = micromegas::init_telemetry(std::move(options));
  if (!started) {
    std::fprintf(stderr, "mm_init: %s\n", started.error().message().c_str());
    return nullptr;
  }
  return new MmHandle{std::move(*started)};
}

}  // namespace

extern "C" {

// A handle is compared with NULL and never read but by mm_shutdown(): another thread may still use
// one that has just been ended.

MmHandle* mm_init(const MmConfig* config) {
  if (config == nullptr) return nullptr;
  return guarded<MmHandle*>("mm_init", nullptr, [&] { return start(*config); });
}

void mm_shutdown(MmHandle* handle) { delete handle; }

void mm_log(MmHandle* handle, int level, const char* target, const char* message) {
  mm_log_p(handle, level, target, message, nullptr, 0);
}

void mm_log_p(MmHandle* handle, int level, const char* target, const char* message,
              const MmProperty* properties, size_t property_count) {
  if (handle == nullptr || message == nullptr) return;
  with_pairs(properties, property_count, [&](std::span<const Property> pairs) {
    micromegas::log_dynamic(level_of(level), text_or(target, kTarget), message, pairs);
  });
}

void mm_metric_i(MmHandle* handle, const char* name, const char* unit, uint64_t value) {
  mm_metric_i_p(handle, name, unit, value, nullptr, 0);
}

void mm_metric_f(MmHandle* handle, const char* name, const char* unit, double value) {
  mm_metric_f_p(handle, name, unit, value, nullptr, 0);
}

void mm_metric_i_p(MmHandle* handle, const char* name, const char* unit, uint64_t value,
                   const MmProperty* properties, size_t property_count) {
  if (handle == nullptr || name == nullptr || *name == 0) return;
  with_pairs(properties, property_count, [&](std::span<const Property> pairs) {
    micromegas::dispatch::named_integer_metric(g_metric, name, text_or(unit, ""), no_set(), pairs,
                                               value);
  });
}

void mm_metric_f_p(MmHandle* handle, const char* name, const char* unit, double value,
                   const MmProperty* properties, size_t property_count) {
  if (handle == nullptr || name == nullptr || *name == 0) return;
  with_pairs(properties, property_count, [&](std::span<const Property> pairs) {
    micromegas::dispatch::named_float_metric(g_metric, name, text_or(unit, ""), no_set(), pairs,
                                             value);
  });
}

// Without a handle too, as the official one.
void mm_flush(MmHandle* /*handle*/) {
  guarded("mm_flush", 0, [] {
    micromegas::dispatch::flush_log_buffer();
    return 1;
  });
}

void mm_span_begin(MmHandle* handle, const char* name) {
  if (handle == nullptr) return;
  micromegas::dispatch::on_begin_named_scope(g_span, text_or(name, ""));
}

void mm_span_end(MmHandle* handle) { mm_span_end_p(handle, nullptr, 0); }

void mm_span_end_p(MmHandle* handle, const MmProperty* properties, size_t property_count) {
  if (handle == nullptr) return;
  with_pairs(properties, property_count, [](std::span<const Property> pairs) {
    micromegas::dispatch::on_end_named_scope_tagged(g_span, "", no_set(), pairs);
  });
}

uint64_t mm_async_span_begin(MmHandle* handle, const char* name, uint64_t parent, uint32_t depth) {
  if (handle == nullptr) return 0;
  return micromegas::dispatch::on_begin_async_named_scope(g_span, text_or(name, ""), parent, depth);
}

void mm_async_span_end(MmHandle* handle, uint64_t span, const char* name, uint64_t parent,
                       uint32_t depth, const MmProperty* properties, size_t property_count) {
  if (handle == nullptr) return;
  with_pairs(properties, property_count, [&](std::span<const Property> pairs) {
    micromegas::dispatch::on_end_async_named_scope_tagged(span, parent, g_span, text_or(name, ""),
                                                          depth, no_set(), pairs);
  });
}

int mm_flush_wait(MmHandle* handle, uint32_t timeout_ms) {
  if (handle == nullptr) return 0;
  return guarded("mm_flush_wait", 0,
                 [&] { return micromegas::flush(std::chrono::milliseconds(timeout_ms)) ? 1 : 0; });
}

int mm_set_log_filter(MmHandle* handle, const char* filter) {
  if (handle == nullptr) return 0;
  return guarded("mm_set_log_filter", 0, [&] {
    const micromegas::Result<void> set = micromegas::set_log_filter(text_or(filter, ""));
    if (!set) std::fprintf(stderr, "mm_set_log_filter: %s\n", set.error().message().c_str());
    return set ? 1 : 0;
  });
}

void mm_set_thread_name(MmHandle* handle, const char* name) {
  if (handle == nullptr || name == nullptr) return;
  guarded("mm_set_thread_name", 0, [&] {
    micromegas::set_thread_name(name);
    return 1;
  });
}

}  // extern "C"
