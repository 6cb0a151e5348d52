// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Bytes that must not stay in memory once they are no longer needed: keys.
#ifndef MICROMEGAS_TRANSPORT_HTTP_SECRET_H_
#define MICROMEGAS_TRANSPORT_HTTP_SECRET_H_

#include <string.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace micromegas::http {

// Memory of whole pages that core dumps leave out; throws std::bad_alloc. Given back overwritten.
void* take_secret_memory(std::size_t bytes);
void give_secret_memory_back(void* memory, std::size_t bytes) noexcept;

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}  // NOLINT: as allocators do

  T* allocate(std::size_t n) { return static_cast<T*>(take_secret_memory(n * sizeof(T))); }
  void deallocate(T* p, std::size_t n) noexcept { give_secret_memory_back(p, n * sizeof(T)); }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// A vector, because a short string would sit in the object itself and be left behind by a move.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : bytes_(text.begin(), text.end()) {}

  // Takes it over: `text` is overwritten.
  static Secret taken_from(std::string& text);
  Secret& operator=(std::string_view text) { return *this = Secret(text); }

  void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void clear() noexcept { bytes_ = {}; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::string_view reveal() const noexcept { return {bytes_.data(), bytes_.size()}; }

 private:
  std::vector<char, WipingAllocator<char>> bytes_;
};

// Overwrites and empties a string that held one.
inline void wipe(std::string& text) noexcept {
  if (!text.empty()) explicit_bzero(text.data(), text.size());
  text.clear();
}

inline Secret Secret::taken_from(std::string& text) {
  Secret secret(text);
  wipe(text);
  return secret;
}

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_SECRET_H_
