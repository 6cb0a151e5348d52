// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/dependencies.h"

#include <algorithm>
#include <utility>

#include "micromegas/transport/wire/content_hash.h"

namespace micromegas::wire {
namespace {

// Powers of two. Tables grow at half full; one that a rare block made large is given back.
constexpr std::size_t kFirstSlots = 256;
constexpr std::size_t kKeptSlots = 16384;

template <class Slot>
void reset(std::vector<Slot>& slots) {
  if (slots.size() > kKeptSlots) {
    slots = std::vector<Slot>(kFirstSlots);
  } else {
    std::fill(slots.begin(), slots.end(), Slot{});
  }
}

}  // namespace

Dependencies::Dependencies(std::uint8_t string_type, std::uint8_t property_set_type)
    : string_type_(string_type),
      property_set_type_(property_set_type),
      seed_(random_seed()),
      descriptors_(kFirstSlots) {
  strings_.slots.resize(kFirstSlots);
  sets_.slots.resize(kFirstSlots);
}

void Dependencies::clear() {
  next_id_ = 1;
  bytes_.clear();
  if (descriptors_used_ != 0) reset(descriptors_);
  descriptors_used_ = 0;
  for (ContentTable* table : {&strings_, &sets_}) {
    if (table->used != 0) reset(table->slots);
    table->used = 0;
  }
}

std::uint64_t Dependencies::hash(std::string_view content) const noexcept {
  return content_hash(content, seed_);
}

Dependencies::ContentSlot& Dependencies::slot_for(ContentTable& table, std::string_view content,
                                                  std::uint64_t hash) noexcept {
  const std::size_t mask = table.slots.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    ContentSlot& slot = table.slots[at];
    if (slot.id == 0) return slot;
    if (slot.hash == hash && slot.size == content.size() &&
        (content.empty() ||
         std::memcmp(bytes_.data() + slot.offset, content.data(), content.size()) == 0)) {
      return slot;
    }
  }
}

void Dependencies::note_use(ContentTable& table) {
  if (++table.used * 2 <= table.slots.size()) return;
  std::vector<ContentSlot> larger(table.slots.size() * 2);
  for (const ContentSlot& slot : table.slots) {
    if (slot.id == 0) continue;
    std::size_t at = slot.hash & (larger.size() - 1);
    while (larger[at].id != 0) at = (at + 1) & (larger.size() - 1);
    larger[at] = slot;
  }
  table.slots = std::move(larger);
}

std::uint64_t Dependencies::string(std::string_view text) {
  const std::uint64_t text_hash = hash(text);
  ContentSlot& slot = slot_for(strings_, text, text_hash);
  if (slot.id != 0) return slot.id;
  const std::uint64_t id = next_id_++;
  const auto size = static_cast<std::uint32_t>(text.size());
  char* at = bytes_.room(18 + text.size());
  at = put(at, string_type_);
  at = put(at, static_cast<std::uint32_t>(13 + size));
  at = put(at, id);
  at = put(at, std::uint8_t{2});  // codec: UTF-8
  at = put(at, size);
  put_text(at, text);
  slot = {text_hash, bytes_.size() - text.size(), size, static_cast<std::uint32_t>(id)};
  note_use(strings_);
  return id;
}

std::uint64_t Dependencies::property_set(std::span<const std::uint64_t> ids) {
  const std::string_view content(reinterpret_cast<const char*>(ids.data()), ids.size_bytes());
  const std::uint64_t content_hash = hash(content);
  ContentSlot& slot = slot_for(sets_, content, content_hash);
  if (slot.id != 0) return slot.id;
  const std::uint64_t id = next_id_++;
  char* at = bytes_.room(17 + content.size());
  at = put(at, property_set_type_);
  at = put(at, static_cast<std::uint32_t>(12 + content.size()));
  at = put(at, id);
  at = put(at, static_cast<std::uint32_t>(ids.size() / 2));
  put_text(at, content);
  slot = {content_hash, bytes_.size() - content.size(), static_cast<std::uint32_t>(content.size()),
          static_cast<std::uint32_t>(id)};
  note_use(sets_);
  return id;
}

Dependencies::NewDescriptor Dependencies::add(const DescriptorKey& key, std::uint8_t type,
                                              std::size_t bytes) {
  if (++descriptors_used_ * 2 > descriptors_.size()) {
    std::vector<DescriptorSlot> old(descriptors_.size() * 2);
    old.swap(descriptors_);
    for (const DescriptorSlot& slot : old) {
      if (slot.id == 0) continue;
      std::size_t at = bucket(slot.key);
      while (descriptors_[at].id != 0) at = (at + 1) & (descriptors_.size() - 1);
      descriptors_[at] = slot;
    }
  }
  std::size_t at = bucket(key);
  while (descriptors_[at].id != 0) at = (at + 1) & (descriptors_.size() - 1);
  const std::uint64_t id = next_id_++;
  descriptors_[at] = {key, id};
  char* record = put(bytes_.room(1 + bytes), type);
  return {id, put(record, id)};
}

}  // namespace micromegas::wire
