// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The first half of a block's payload as it is built: strings, descriptors and property sets, each
// once and before the first record that refers to it. Ids count from 1 in each block.
#ifndef MICROMEGAS_TRANSPORT_WIRE_DEPENDENCIES_H_
#define MICROMEGAS_TRANSPORT_WIRE_DEPENDENCIES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/transport/wire/byte_buffer.h"

namespace micromegas::wire {

// Names a descriptor within a block: the address of its metadata, with bits and numbers that tell
// apart what one address stands for.
struct DescriptorKey {
  std::uint64_t site = 0;
  std::uint64_t variant = 0;

  friend bool operator==(const DescriptorKey&, const DescriptorKey&) = default;
};

inline std::uint64_t site_of(const void* metadata) noexcept {
  return reinterpret_cast<std::uintptr_t>(metadata);
}

class Dependencies {
 public:
  // The type indices of the two kinds of records that this class writes itself.
  Dependencies(std::uint8_t string_type, std::uint8_t property_set_type);

  void clear();

  // The id of this text, by content; emitted if the block does not have it yet.
  std::uint64_t string(std::string_view text);

  // The id of a set whose names and values are `ids` (name, value, name, value, ...).
  std::uint64_t property_set(std::span<const std::uint64_t> ids);

  // The id of a descriptor, or 0 if the block does not have it yet.
  [[nodiscard]] std::uint64_t find(const DescriptorKey& key) const noexcept {
    std::size_t at = bucket(key);
    while (descriptors_[at].id != 0 && !(descriptors_[at].key == key)) {
      at = (at + 1) & (descriptors_.size() - 1);
    }
    return descriptors_[at].id;
  }

  // Adds a descriptor that find() does not know: a record of `type` with `bytes` bytes, of which
  // the first 8 are its id. The caller fills the others, from `rest` on, at once.
  struct NewDescriptor {
    std::uint64_t id;
    char* rest;
  };
  NewDescriptor add(const DescriptorKey& key, std::uint8_t type, std::size_t bytes);

  [[nodiscard]] const ByteBuffer& bytes() const noexcept { return bytes_; }
  ByteBuffer& bytes() noexcept { return bytes_; }

 private:
  struct DescriptorSlot {
    DescriptorKey key;
    std::uint64_t id = 0;  // 0: free
  };
  // A string's or set's content lies in bytes_.
  struct ContentSlot {
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
    std::uint32_t id = 0;  // 0: free
  };
  struct ContentTable {
    std::vector<ContentSlot> slots;
    std::size_t used = 0;
  };

  [[nodiscard]] std::size_t bucket(const DescriptorKey& key) const noexcept {
    const std::uint64_t mixed =
        (key.site ^ (key.variant * 0xff51afd7ed558ccdU)) * 0x9e3779b97f4a7c15U;
    return (mixed >> 32) & (descriptors_.size() - 1);
  }
  [[nodiscard]] std::uint64_t hash(std::string_view content) const noexcept;
  // The slot that holds `content`, or the free one where it belongs.
  ContentSlot& slot_for(ContentTable& table, std::string_view content, std::uint64_t hash) noexcept;
  static void note_use(ContentTable& table);

  std::uint8_t string_type_;
  std::uint8_t property_set_type_;
  std::uint64_t
      seed_;  // values come from the application's users: no two blocks' tables collide alike
  std::uint64_t next_id_ = 1;
  ByteBuffer bytes_;
  std::vector<DescriptorSlot> descriptors_;
  std::size_t descriptors_used_ = 0;
  ContentTable strings_;
  ContentTable sets_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_DEPENDENCIES_H_
