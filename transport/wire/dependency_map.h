// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The dependencies of a block that is being read, by id. Ids are chosen by the sender: the hash is
// seeded.
#ifndef MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_MAP_H_
#define MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_MAP_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "micromegas/transport/wire/content_hash.h"
#include "micromegas/transport/wire/value.h"

namespace micromegas::wire {

// How much a value is when everything that it refers to is written out: bytes, roughly, and levels
// of nesting.
struct Extent {
  std::uint64_t weight = 0;
  std::uint32_t depth = 0;

  // Saturates far above every limit.
  void add(std::uint64_t bytes) noexcept { weight = std::min(weight + bytes, kMaxWeight); }
  void contain(const Extent& inner) noexcept {
    add(inner.weight);
    depth = std::max(depth, inner.depth + 1);
  }
  static constexpr std::uint64_t kMaxWeight = std::uint64_t{1} << 48;
};

struct Dependency {
  Value value;
  Extent extent;
};

class DependencyMap {
 public:
  DependencyMap() : seed_(random_seed()), slots_(256) {}

  [[nodiscard]] const Dependency* find(std::uint64_t id) const noexcept {
    const Slot& slot = slots_[slot_of(slots_, id)];
    return slot.used ? &slot.dependency : nullptr;
  }

  // False if the id is taken.
  bool insert(std::uint64_t id, const Dependency& dependency) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[slot_of(slots_, id)];
    if (slot.used) return false;
    slot = {id, true, dependency};
    ++count_;
    return true;
  }

  // Memory for one, at the most.
  static constexpr std::size_t kBytesEach = 4 * 64;

 private:
  struct Slot {
    std::uint64_t id = 0;
    bool used = false;
    Dependency dependency;
  };
  static_assert(sizeof(Slot) <= 64);

  [[nodiscard]] std::size_t slot_of(const std::vector<Slot>& slots,
                                    std::uint64_t id) const noexcept {
    std::size_t at = mix(id ^ seed_, 0x9e3779b97f4a7c15U ^ (seed_ << 1)) & (slots.size() - 1);
    while (slots[at].used && slots[at].id != id) at = (at + 1) & (slots.size() - 1);
    return at;
  }

  void grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.used) larger[slot_of(larger, slot.id)] = slot;
    }
    slots_ = std::move(larger);
  }

  std::uint64_t seed_;
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_DEPENDENCY_MAP_H_
