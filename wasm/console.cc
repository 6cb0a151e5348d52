// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/console.h"

#include <emscripten/emscripten.h>

#include <cstdint>
#include <cstdlib>

#include "micromegas/wasm/utf16.h"

// clang-format off
// `lengths`: of the line, then of each property's name and value, whose texts follow one another.
EM_JS(void, micromegas_console, (int level, const char16_t* text, const std::uint32_t* lengths, int count), {
  try {
    if (typeof console === "undefined") return;
    let at = text >>> 1;
    const next = (i) => {
      const end = at + HEAPU32[(lengths >>> 2) + i];
      let string = "";
      // In pieces: a call takes only so many arguments.
      for (; at < end; at += 4096) {
        string += String.fromCharCode.apply(null, HEAPU16.subarray(at, Math.min(at + 4096, end)));
      }
      at = end;
      return string;
    };
    const line = next(0);
    const method = level <= 2 ? "error" : level == 3 ? "warn" : level == 4 ? "info" : "debug";
    if (count == 1) return console[method](line);
    const properties = {};
    for (let i = 1; i < count; i += 2) {
      const name = next(i);
      properties[name] = next(i + 1);
    }
    // With more than one argument the first is a format: no part of the text may be taken for one.
    console[method](line.replaceAll("%", "%%"), properties);
  } catch (e) {
    // A console that is not whole must not end the program.
  }
});
// clang-format on

namespace micromegas::wasm {
namespace {

// Texts one behind the other, in UTF-16, and how long each is.
class Utf16Texts {
 public:
  // Room for so many bytes and texts; without memory, for what fits.
  Utf16Texts(std::size_t bytes, std::size_t texts) noexcept {
    if (bytes <= kShort && texts <= kFew) return;
    void* const memory = std::malloc(texts * sizeof(std::uint32_t) + bytes * sizeof(char16_t));
    if (memory == nullptr) return;
    lengths_ = static_cast<std::uint32_t*>(memory);
    units_ = reinterpret_cast<char16_t*>(lengths_ + texts);
    max_units_ = bytes;
    max_texts_ = texts;
  }
  ~Utf16Texts() {
    if (lengths_ != few_) std::free(lengths_);
  }
  Utf16Texts(const Utf16Texts&) = delete;
  Utf16Texts& operator=(const Utf16Texts&) = delete;

  void begin_text() noexcept {
    open_ = count_ < max_texts_;
    if (open_) lengths_[count_++] = 0;
  }
  void add(std::string_view part) noexcept {
    if (!open_) return;
    const std::size_t n = to_utf16(part.substr(0, max_units_ - size_), units_ + size_);
    size_ += n;
    lengths_[count_ - 1] += static_cast<std::uint32_t>(n);
  }
  [[nodiscard]] const char16_t* units() const noexcept { return units_; }
  [[nodiscard]] const std::uint32_t* lengths() const noexcept { return lengths_; }
  [[nodiscard]] int count() const noexcept { return static_cast<int>(count_); }

 private:
  static constexpr std::size_t kShort = 256;
  static constexpr std::size_t kFew = 1;

  char16_t short_[kShort];
  std::uint32_t few_[kFew];
  char16_t* units_ = short_;
  std::uint32_t* lengths_ = few_;
  std::size_t max_units_ = kShort;
  std::size_t max_texts_ = kFew;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  bool open_ = false;
};

}  // namespace

void write_to_console(Level level, std::string_view prefix, std::string_view text,
                      std::span<const Property> properties) noexcept {
  std::size_t bytes = prefix.size() + text.size();
  for (const Property& p : properties) bytes += p.name.size() + p.value.size();
  Utf16Texts texts(bytes, 1 + 2 * properties.size());
  texts.begin_text();
  texts.add(prefix);
  texts.add(text);
  for (const Property& p : properties) {
    texts.begin_text();
    texts.add(p.name);
    texts.begin_text();
    texts.add(p.value);
  }
  micromegas_console(static_cast<int>(level), texts.units(), texts.lengths(), texts.count());
}

}  // namespace micromegas::wasm
