// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Decimal digits of binary floating-point numbers: the shortest ones that read back as the same
// number, or as many as wanted, correctly rounded. All of it exact and without tables: some
// microseconds a number, a kilobyte of code.
#ifndef MICROMEGAS_WASM_DECIMAL_H_
#define MICROMEGAS_WASM_DECIMAL_H_

#include <cstdint>

namespace micromegas::wasm {

// mantissa x 2^exponent: finite, not negative, at most 53 bits.
struct Binary {
  std::uint64_t mantissa = 0;
  int exponent = 0;
  bool narrow_below = false;  // the next smaller number is nearer than the next larger one
};

// All digits of a number. A position is a power of ten: 0 is that of the ones, -1 of the tenths.
class Decimal {
 public:
  explicit Decimal(const Binary& number) noexcept : Decimal(number.mantissa, number.exponent) {}

  // Of the decimals that are nearer to this number than to any other, the one with the fewest
  // digits; of several, the nearest.
  static Decimal shortest(const Binary& number) noexcept;

  // Nothing stays below the position. Halves go to the even digit.
  void round(int position) noexcept;

  // Of the first and the last digit that is not 0; 0 for zero.
  [[nodiscard]] int first() const noexcept;
  [[nodiscard]] int last() const noexcept;
  // '0' to '9', at any position.
  [[nodiscard]] char digit(int position) const noexcept;

 private:
  // What a double takes, and a quarter of its last bit.
  static constexpr int kHighest = 314;
  static constexpr int kLowest = -1080;
  static constexpr int kDigits = kHighest - kLowest + 1;

  Decimal(std::uint64_t mantissa, int exponent) noexcept;

  static int index(int position) noexcept { return kHighest - position; }
  void truncate(int position) noexcept;
  void add_one(int position) noexcept;
  // Less than, equal to or greater than 0, as memcmp().
  [[nodiscard]] int compare(const Decimal& other) const noexcept;
  // They must differ.
  [[nodiscard]] int first_difference(const Decimal& other) const noexcept;
  // Of the part below the position, with one half of it: the same.
  [[nodiscard]] int compare_rest_with_half(int position) const noexcept;

  // The first is the one of kHighest. All that are not 0 are in [begin_, end_).
  char digits_[kDigits];
  int begin_;
  int end_;
};

}  // namespace micromegas::wasm

#endif  // MICROMEGAS_WASM_DECIMAL_H_
