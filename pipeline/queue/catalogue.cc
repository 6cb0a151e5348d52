// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/queue/catalogue.h"

#include <cstring>
#include <utility>

namespace micromegas::queue {
namespace {

// Everything that makes two call sites the same, unambiguously: fields are prefixed by their
// length.
class Key {
 public:
  explicit Key(char kind) { text_.push_back(kind); }
  Key& add(std::string_view field) {
    number(field.size());
    text_.append(field);
    return *this;
  }
  Key& number(std::uint64_t n) {
    text_.append(reinterpret_cast<const char*>(&n), sizeof n);
    return *this;
  }
  Key& add(const ArgList& args) {
    number(args.count);
    for (std::size_t i = 0; i < args.count; ++i) {
      number(static_cast<std::uint64_t>(args.types[i])).add(args.key(i));
    }
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Copies strings into one allocation that the descriptor owns.
class StringCopier {
 public:
  StringCopier(Descriptor& descriptor, std::size_t bytes) {
    descriptor.strings = std::make_unique<char[]>(bytes == 0 ? 1 : bytes);
    at_ = descriptor.strings.get();
  }
  std::string_view operator()(std::string_view text) {
    if (text.empty()) return {};
    std::memcpy(at_, text.data(), text.size());
    const std::string_view copy(at_, text.size());
    at_ += text.size();
    return copy;
  }

 private:
  char* at_;
};

void set_args(Descriptor& d, const ArgList& args) {
  if (args.count == 0) return;
  d.arg_types.assign(args.types, args.types + args.count);
  for (std::size_t i = 0; i < args.count; ++i) d.arg_names.emplace_back(args.key(i));
}

}  // namespace

std::uint32_t Catalogue::add_log(const LogMetadata& m, const ArgList& args) {
  auto d = std::make_unique<Descriptor>();
  NumberedFormat numbered;
  if (args.count != 0) numbered = number_placeholders(m.text, args);
  d->shows_arguments = numbered.has_placeholders;
  std::string text = d->shows_arguments ? std::string(m.text) : unescape_braces(m.text);
  Key key('L');
  key.number(static_cast<std::uint64_t>(m.level)).number(m.line).add(args);
  key.add(m.text).add(m.target).add(m.function).add(m.file);

  StringCopier copy(*d, text.size() + m.target.size() + m.function.size() + m.file.size());
  d->log.level = m.level;
  d->log.text = copy(text);
  d->log.target = copy(m.target);
  d->log.function = copy(m.function);
  d->log.file = copy(m.file);
  d->log.line = m.line;
  set_args(*d, args);
  if (d->shows_arguments) {
    d->format = std::move(numbered.format);
    d->pieces = take_apart(d->format);
    d->arg_names = std::move(numbered.names);
    d->template_text = to_template(d->pieces, d->arg_names, args);
  }
  return insert(key.take(), std::move(d));
}

std::uint32_t Catalogue::add_metric(const StaticMetricMetadata& m, const ArgList& args) {
  auto d = std::make_unique<Descriptor>();
  Key key('M');
  key.number(static_cast<std::uint64_t>(m.verbosity)).number(m.line).add(args);
  key.add(m.name).add(m.unit).add(m.target).add(m.file);
  StringCopier copy(*d, m.name.size() + m.unit.size() + m.target.size() + m.file.size());
  d->metric.verbosity = m.verbosity;
  d->metric.name = copy(m.name);
  d->metric.unit = copy(m.unit);
  d->metric.target = copy(m.target);
  d->metric.file = copy(m.file);
  d->metric.line = m.line;
  set_args(*d, args);
  return insert(key.take(), std::move(d));
}

std::uint32_t Catalogue::add_span(std::string_view name, const SpanLocation& l,
                                  const ArgList& args) {
  auto d = std::make_unique<Descriptor>();
  Key key('S');
  key.number(static_cast<std::uint64_t>(l.verbosity)).number(l.line).add(args);
  key.add(name).add(l.target).add(l.function).add(l.file);
  StringCopier copy(*d, name.size() + l.target.size() + l.function.size() + l.file.size());
  d->span.name = copy(name);
  d->span.location.verbosity = l.verbosity;
  d->span.location.target = copy(l.target);
  d->span.location.function = copy(l.function);
  d->span.location.file = copy(l.file);
  d->span.location.line = l.line;
  set_args(*d, args);
  return insert(key.take(), std::move(d));
}

std::uint32_t Catalogue::add_properties(const ArgList& args) {
  auto d = std::make_unique<Descriptor>();
  Key key('P');
  key.add(args);
  set_args(*d, args);
  return insert(key.take(), std::move(d));
}

const Descriptor* Catalogue::find_locked(std::uint32_t id) const noexcept {
  const std::lock_guard lock(mutex_);
  if (id > ids_.size()) return nullptr;
  const Chunk& chunk = *chunks_[(id - 1) / kChunk].load(std::memory_order_relaxed);
  return chunk[(id - 1) % kChunk].load(std::memory_order_relaxed);
}

std::uint32_t Catalogue::insert(std::string key, std::unique_ptr<Descriptor> descriptor) {
  const std::lock_guard lock(mutex_);
  if (const auto found = ids_.find(key); found != ids_.end()) return found->second;
  if (ids_.size() >= kMaxDescriptors) return 0;
  const auto id = static_cast<std::uint32_t>(ids_.size() + 1);
  std::atomic<Chunk*>& slot = chunks_[(id - 1) / kChunk];
  Chunk* chunk = slot.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Chunk{};
    slot.store(chunk, std::memory_order_release);
  }
  ids_.emplace(std::move(key), id);
  (*chunk)[(id - 1) % kChunk].store(descriptor.release(), std::memory_order_release);
  return id;
}

}  // namespace micromegas::queue
