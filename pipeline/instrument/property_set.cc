// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>

#include "micromegas/pipeline/instrument/property.h"
#include "micromegas/pipeline/instrument/property_set_stats.h"

namespace micromegas {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int compare_names(std::string_view a, std::string_view b) noexcept {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto x = static_cast<unsigned char>(lower(a[i]));
    const auto y = static_cast<unsigned char>(lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

// Never inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  std::size_t size = limit;
  while (size > limit - 4 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

struct Counters {
  std::atomic<std::uint64_t> interned{0};
  std::atomic<std::uint64_t> refused_keys{0};
  std::atomic<std::uint64_t> cut{0};
  std::atomic<std::uint64_t> refused_sets{0};
};
constinit Counters g_counters;

void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);
}

// The content of a set before it is stored: sorted, without duplicates, views of the caller's text.
class Draft {
 public:
  explicit Draft(std::span<const Property> properties) noexcept {
    for (const Property& property : properties) add(property);
  }
  [[nodiscard]] std::span<const Property> properties() const noexcept {
    return {properties_.data(), size_};
  }
  [[nodiscard]] std::size_t text_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const Property& p : properties()) bytes += p.name.size() + p.value.size();
    return bytes;
  }
  [[nodiscard]] std::size_t hash() const noexcept {
    std::uint64_t h = 14695981039346656037ULL;
    const auto mix = [&h](std::string_view text) {
      for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
      h = (h ^ 0xff) * 1099511628211ULL;  // not in UTF-8: keeps "a"+"b" and "ab"+"" apart
    };
    for (const Property& p : properties()) mix(p.name), mix(p.value);
    return static_cast<std::size_t>(h ^ (h >> 32));
  }
  [[nodiscard]] bool equals(std::span<const Property> other) const noexcept {
    return std::equal(properties().begin(), properties().end(), other.begin(), other.end(),
                      [](const Property& a, const Property& b) {
                        return a.name == b.name && a.value == b.value;
                      });
  }

 private:
  void add(const Property& property) noexcept {
    if (!is_property_name(property.name)) return count(g_counters.refused_keys);
    const std::string_view value = cut(property.value, PropertySet::kMaxValueBytes);
    if (value.size() != property.value.size()) count(g_counters.cut);
    Property* const end = properties_.data() + size_;
    Property* const at = std::lower_bound(
        properties_.data(), end, property.name,
        [](const Property& p, std::string_view name) { return compare_names(p.name, name) < 0; });
    if (at != end && compare_names(at->name, property.name) == 0) {
      *at = {property.name, value};
      return;
    }
    if (size_ == properties_.size()) return count(g_counters.cut);
    std::move_backward(at, end, end + 1);
    *at = {property.name, value};
    ++size_;
  }

  std::array<Property, PropertySet::kMaxProperties> properties_{};
  std::size_t size_ = 0;
};

}  // namespace

bool is_property_name(std::string_view name) noexcept {
  constexpr std::string_view kPrefix = "micromegas.";
  if (name.empty() || name.size() > PropertySet::kMaxNameBytes) return false;
  if (compare_names(name.substr(0, kPrefix.size()), kPrefix) == 0) return false;
  for (std::string_view reserved : {"level", "target", "name", "unit"}) {
    if (compare_names(name, reserved) == 0) return false;
  }
  return true;
}

// A hash table that only grows, by compare-and-swap of pointers: no lock, so a child forked in the
// middle of intern() finds a whole table. Nothing is freed that another thread can have seen.
//
// Order: a set is whole before the table shows it, and by_id_ shows it only once the table does,
// and before intern() returns it: whoever returns it, the thread that made it or one that found it,
// has stored it there. So who reads an id in a record finds its set, and what a walk over all ids
// finds is never freed.
class PropertySetStore {
 public:
  static const PropertySet& intern(std::span<const Property> properties) noexcept {
    const Draft draft(properties);
    if (draft.properties().empty()) return empty_;
    PropertySet* made = nullptr;
    for (std::size_t i = draft.hash() % kSlots;; i = (i + 1) % kSlots) {
      const PropertySet* found = table_[i].load(std::memory_order_acquire);
      if (found == nullptr) {
        if (made == nullptr) {
          if ((made = make(draft)) == nullptr) {
            count(g_counters.refused_sets);
            return empty_;
          }
        }
        if (table_[i].compare_exchange_strong(found, made, std::memory_order_acq_rel,
                                              std::memory_order_acquire)) {
          count(g_counters.interned);
          return with_id(*made);
        }
      }
      if (draft.equals(found->properties())) {
        // Another thread was first with the same set; the id that was drawn for ours stays unused.
        ::operator delete(made);
        return with_id(*found);
      }
    }
  }

  static const PropertySet* by_id(std::uint32_t id) noexcept {
    if (id == kEmptyId) return &empty_;
    return id < by_id_.size() ? by_id_[id].load(std::memory_order_acquire) : nullptr;
  }

 private:
  // Makes it known by its id.
  static const PropertySet& with_id(const PropertySet& set) noexcept {
    std::atomic<const PropertySet*>& entry = by_id_[set.id()];
    if (entry.load(std::memory_order_relaxed) == nullptr) {
      entry.store(&set, std::memory_order_release);
    }
    return set;
  }

  static constexpr std::uint32_t kEmptyId = 1;
  static constexpr std::size_t kSlots = 2 * PropertySet::kMaxSets;  // half full at most: probes end

  // One allocation: the set, its properties, their text.
  static PropertySet* make(const Draft& draft) noexcept {
    std::uint32_t id = next_id_.load(std::memory_order_relaxed);
    do {
      if (id > PropertySet::kMaxSets) return nullptr;
    } while (!next_id_.compare_exchange_weak(id, id + 1, std::memory_order_relaxed));

    static_assert(sizeof(PropertySet) % alignof(Property) == 0);
    const std::size_t size = draft.properties().size();
    void* memory = ::operator new(
        sizeof(PropertySet) + size * sizeof(Property) + draft.text_bytes(), std::nothrow);
    if (memory == nullptr) return nullptr;
    auto* properties =
        reinterpret_cast<Property*>(static_cast<std::byte*>(memory) + sizeof(PropertySet));
    char* text = reinterpret_cast<char*>(properties + size);
    const auto copy = [&text](std::string_view from) {
      if (!from.empty()) std::memcpy(text, from.data(), from.size());
      const std::string_view view(text, from.size());
      text += from.size();
      return view;
    };
    for (std::size_t i = 0; i < size; ++i) {
      const Property& from = draft.properties()[i];
      const std::string_view name = copy(from.name);
      new (properties + i) Property{name, copy(from.value)};
    }
    return new (memory) PropertySet(id, std::span<const Property>(properties, size));
  }

  static const PropertySet empty_;
  static std::atomic<std::uint32_t> next_id_;
  static std::array<std::atomic<const PropertySet*>, kSlots> table_;
  static std::array<std::atomic<const PropertySet*>, PropertySet::kMaxSets + 1> by_id_;
};

constinit const PropertySet PropertySetStore::empty_{kEmptyId, {}};
constinit std::atomic<std::uint32_t> PropertySetStore::next_id_{kEmptyId + 1};
constinit std::array<std::atomic<const PropertySet*>, PropertySetStore::kSlots>
    PropertySetStore::table_{};
constinit std::array<std::atomic<const PropertySet*>, PropertySet::kMaxSets + 1>
    PropertySetStore::by_id_{};

}  // namespace micromegas

// The process's own: ids must mean the same to every shared library that has a copy of this code.
// Weak, or clang takes the copy at hand for the process's and inlines it.
extern "C" {
__attribute__((visibility("default"), weak)) const micromegas::PropertySet*
micromegas_v0_intern_properties(const micromegas::Property* properties, std::size_t n) noexcept {
  return &micromegas::PropertySetStore::intern({properties, n});
}
__attribute__((visibility("default"), weak)) const micromegas::PropertySet*
micromegas_v0_property_set(std::uint32_t id) noexcept {
  return micromegas::PropertySetStore::by_id(id);
}
}

namespace micromegas {

const PropertySet& PropertySet::intern(std::span<const Property> properties) {
  return *micromegas_v0_intern_properties(properties.data(), properties.size());
}

const PropertySet* PropertySet::by_id(std::uint32_t id) noexcept {
  return micromegas_v0_property_set(id);
}

std::string_view PropertySet::find(std::string_view name) const noexcept {
  for (const Property& property : properties_) {
    if (property.name == name) return property.value;
  }
  return {};
}

PropertySetStats property_set_stats() noexcept {
  const auto read = [](const std::atomic<std::uint64_t>& n) {
    return n.load(std::memory_order_relaxed);
  };
  return {read(g_counters.interned), read(g_counters.refused_keys), read(g_counters.cut),
          read(g_counters.refused_sets)};
}

}  // namespace micromegas
