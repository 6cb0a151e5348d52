// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/wasm/decimal.h"

#include <algorithm>
#include <cstring>

namespace micromegas::wasm {
namespace {

// Nine digits each: what 32 bits hold, and twice that is less than 64.
constexpr std::uint32_t kLimb = 1'000'000'000;
constexpr int kLimbDigits = 9;

// By so many bits at most in one pass: 10^9 is divisible by 2^9, and 10^9 x 2^29 fits into 64 bits.
constexpr int kRight = 9;
constexpr int kLeft = 29;

}  // namespace

Decimal::Decimal(std::uint64_t mantissa, int exponent) noexcept {
  constexpr int kWhole = (kHighest + 1) / kLimbDigits;
  constexpr int kLimbs = kDigits / kLimbDigits;
  static_assert(kWhole * kLimbDigits == kHighest + 1 && kLimbs * kLimbDigits == kDigits);
  std::uint32_t limbs[kLimbs] = {};
  int begin = kWhole - 2;
  int end = kWhole;
  limbs[begin] = static_cast<std::uint32_t>(mantissa / kLimb);
  limbs[begin + 1] = static_cast<std::uint32_t>(mantissa % kLimb);

  for (int bits; exponent > 0; exponent -= bits) {
    bits = std::min(exponent, kLeft);
    std::uint64_t carry = 0;
    for (int i = end - 1; i >= begin; --i) {
      carry += std::uint64_t{limbs[i]} << bits;
      limbs[i] = static_cast<std::uint32_t>(carry % kLimb);
      carry /= kLimb;
    }
    if (carry != 0) limbs[--begin] = static_cast<std::uint32_t>(carry);
  }
  for (int bits; exponent < 0; exponent += bits) {
    bits = std::min(-exponent, kRight);
    std::uint32_t carry = 0;
    for (int i = begin; i < end; ++i) {
      const std::uint32_t low = limbs[i] & ((1U << bits) - 1);
      limbs[i] = (limbs[i] >> bits) + carry;
      carry = (kLimb >> bits) * low;
    }
    if (carry != 0) limbs[end++] = carry;
    if (begin < end && limbs[begin] == 0) ++begin;
  }

  std::memset(digits_, 0, sizeof digits_);
  begin_ = begin * kLimbDigits;
  end_ = end * kLimbDigits;
  for (int i = begin; i < end; ++i) {
    std::uint32_t rest = limbs[i];
    for (int d = kLimbDigits; d-- > 0; rest /= 10) {
      digits_[i * kLimbDigits + d] = static_cast<char>(rest % 10);
    }
  }
}

Decimal Decimal::shortest(const Binary& number) noexcept {
  // Half of the way to the numbers beside it. On the very half, the even one is meant.
  const std::uint64_t mantissa = 4 * number.mantissa;
  const int exponent = number.exponent - 2;
  const Decimal exact(mantissa, exponent);
  const Decimal low(mantissa - (number.narrow_below ? 1 : 2), exponent);
  const Decimal high(mantissa + 2, exponent);
  const int inclusive = number.mantissa % 2 == 0 ? 1 : 0;
  // Above the first digit in which they differ nothing is between them, but the lower one may end
  // there itself.
  int position = low.first_difference(high);
  if (inclusive != 0) position = std::max(position, low.last());
  for (;; --position) {
    Decimal down = exact;
    down.truncate(position);
    Decimal up = down;
    up.add_one(position);
    const bool down_fits = low.compare(down) < inclusive;
    const bool up_fits = up.compare(high) < inclusive;
    if (!down_fits && !up_fits) continue;
    if (down_fits && up_fits) {
      const int half = exact.compare_rest_with_half(position);
      return half > 0 || (half == 0 && down.digit(position) % 2 != 0) ? up : down;
    }
    return down_fits ? down : up;
  }
}

void Decimal::round(int position) noexcept {
  if (position <= kLowest) return;
  position = std::min(position, kHighest);
  const int half = compare_rest_with_half(position);
  truncate(position);
  if (half > 0 || (half == 0 && digit(position) % 2 != 0)) add_one(position);
}

int Decimal::first() const noexcept {
  for (int i = begin_; i < end_; ++i) {
    if (digits_[i] != 0) return kHighest - i;
  }
  return 0;
}

int Decimal::last() const noexcept {
  for (int i = end_; i-- > begin_;) {
    if (digits_[i] != 0) return kHighest - i;
  }
  return 0;
}

char Decimal::digit(int position) const noexcept {
  const bool inside = position <= kHighest && position >= kLowest;
  return static_cast<char>('0' + (inside ? digits_[index(position)] : 0));
}

void Decimal::truncate(int position) noexcept {
  const int end = index(position) + 1;
  for (int i = end; i < end_; ++i) digits_[i] = 0;
  end_ = std::min(end_, end);
  begin_ = std::min(begin_, end_);
}

void Decimal::add_one(int position) noexcept {
  int i = index(position);
  end_ = std::max(end_, i + 1);
  for (; digits_[i] == 9; --i) digits_[i] = 0;
  ++digits_[i];
  begin_ = std::min(begin_, i);
}

int Decimal::compare(const Decimal& other) const noexcept {
  const int begin = std::min(begin_, other.begin_);
  const int end = std::max(end_, other.end_);
  return std::memcmp(digits_ + begin, other.digits_ + begin, static_cast<std::size_t>(end - begin));
}

int Decimal::first_difference(const Decimal& other) const noexcept {
  int i = std::min(begin_, other.begin_);
  while (digits_[i] == other.digits_[i]) ++i;
  return kHighest - i;
}

int Decimal::compare_rest_with_half(int position) const noexcept {
  int i = index(position) + 1;
  if (i >= kDigits) return -1;
  if (digits_[i] != 5) return digits_[i] < 5 ? -1 : 1;
  for (++i; i < end_; ++i) {
    if (digits_[i] != 0) return 1;
  }
  return 0;
}

}  // namespace micromegas::wasm
