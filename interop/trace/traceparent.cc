// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/traceparent.h"

#include <atomic>
#include <cstddef>
#include <span>
#include <type_traits>

#include "micromegas/dispatch.h"

namespace micromegas {
namespace {

// Of what has no span of ours.
constexpr std::uint64_t kNoSpan = std::uint64_t{1} << 63;
constinit std::atomic<std::uint64_t> g_numbers{0};

// A value: a scope that a suspended coroutine holds may be gone while its thread goes on.
constinit thread_local TraceContext g_current;
static_assert(std::is_trivially_destructible_v<TraceContext>);

// A bijection: different numbers stay different.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t load(const std::uint8_t* bytes) noexcept {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = (value << 8) | bytes[i];
  return value;
}

void store(std::uint8_t* bytes, std::uint64_t value) noexcept {
  for (int i = 7; i >= 0; --i, value >>= 8) bytes[i] = static_cast<std::uint8_t>(value);
}

// Lower case only; -1 for anything else.
int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t N>
std::string to_hex(const std::array<std::uint8_t, N>& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * N);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

template <std::size_t N>
bool is_zero(const std::array<std::uint8_t, N>& bytes) noexcept {
  return bytes == std::array<std::uint8_t, N>{};
}

}  // namespace

// --- the header ---

std::optional<TraceParent> TraceParent::parse(std::string_view header) noexcept {
  // version 2, -, trace id 32, -, parent id 16, -, flags 2
  constexpr std::size_t kSize = 55;
  if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  std::uint8_t version[1];
  std::uint8_t flags[1];
  TraceParent parent;
  if (!parse_hex(header, version) || !parse_hex(header.substr(3), parent.trace_id) ||
      !parse_hex(header.substr(36), parent.parent_id) || !parse_hex(header.substr(53), flags)) {
    return std::nullopt;
  }
  if (version[0] == 0xff || is_zero(parent.trace_id) || is_zero(parent.parent_id)) {
    return std::nullopt;
  }
  if (header.size() > kSize && (version[0] == 0 || header[kSize] != '-')) return std::nullopt;
  parent.flags = flags[0] & (kSampled | kRandom);
  return parent;
}

std::string TraceParent::to_string() const {
  return "00-" + to_hex(trace_id) + "-" + to_hex(parent_id) + "-" +
         to_hex(
             std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(flags & (kSampled | kRandom))});
}

// --- ids ---

std::array<std::uint8_t, 16> make_trace_id(const Uuid& process_id, std::uint64_t number) noexcept {
  std::array<std::uint8_t, 16> id = process_id.bytes;
  store(id.data() + 8, load(id.data() + 8) ^ mix(number));
  if (is_zero(id)) id[15] = 1;  // no process id that is a UUID begins with eight zeros
  return id;
}

std::array<std::uint8_t, 8> make_span_id(const Uuid& process_id, std::uint64_t span_id) noexcept {
  const std::uint64_t key = mix(load(process_id.bytes.data())) ^ load(process_id.bytes.data() + 8);
  std::uint64_t value = mix(span_id + key);
  if (value == 0) value = mix(~std::uint64_t{0} + key);  // of a number that is never reached
  std::array<std::uint8_t, 8> id;
  store(id.data(), value);
  return id;
}

// --- contexts ---

TraceContext TraceContext::from(std::string_view traceparent) {
  TraceContext trace;
  trace.incoming_ = TraceParent::parse(traceparent);
  if (trace.incoming_) trace.own_ = *trace.incoming_;
  const std::optional<Uuid> process = dispatch::process_id();
  if (process) {
    const std::uint64_t number = g_numbers.fetch_add(1, std::memory_order_relaxed);
    if (!trace.incoming_) {
      trace.own_.trace_id = make_trace_id(*process, number);
      trace.own_.flags = TraceParent::kSampled;
    }
    trace.own_.parent_id = make_span_id(*process, kNoSpan + number);
  }
  trace.has_own_ = trace.incoming_ || process;
  return trace;
}

detail::TraceIds TraceContext::own_ids() const noexcept {
  return {load(own_.trace_id.data()), load(own_.trace_id.data() + 8), load(own_.parent_id.data())};
}

std::string TraceContext::traceparent() const {
  return has_own_ ? own_.to_string() : std::string();
}
std::string TraceContext::trace_id() const {
  return has_own_ ? to_hex(own_.trace_id) : std::string();
}
std::string TraceContext::span_id() const {
  return has_own_ ? to_hex(own_.parent_id) : std::string();
}
std::string TraceContext::parent_span_id() const {
  return incoming_ ? to_hex(incoming_->parent_id) : std::string();
}

TraceScope::TraceScope(const TraceContext& trace) : trace_(trace), before_(g_current) {
  using namespace literals;
  if (!trace) return;
  // All three: an outer scope's would show through.
  context_.emplace("trace_id"_k = trace.trace_id(), "span_id"_k = trace.span_id(),
                   "parent_span_id"_k = trace.parent_span_id());
  g_current = trace_;
}
TraceScope::~TraceScope() { g_current = before_; }

TraceContext current_trace() noexcept { return g_current; }

std::string outgoing_traceparent() {
  using namespace literals;
  const TraceContext trace = current_trace();
  CurrentSpan current = current_span();
  if (!trace || current.id() == 0) return trace.traceparent();
  const std::optional<Uuid> process = dispatch::process_id();
  if (!process) return trace.traceparent();
  TraceContext named = trace;
  named.own_.parent_id = make_span_id(*process, current.id());
  if (current.takes_properties()) {
    detail::TraceIds ids = named.own_ids();
    if (current.claim_trace_ids(ids)) {
      current.set("trace_id"_k = named.trace_id(), "span_id"_k = named.span_id());
    } else if (!ids.is_of_trace(named.own_ids())) {
      return trace.traceparent();  // the other side would look for the span in the wrong trace
    } else {
      store(named.own_.parent_id.data(), ids.span);
    }
  }
  return named.traceparent();
}

}  // namespace micromegas
