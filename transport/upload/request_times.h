// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What of a request's time is its body's size, and what every request takes, whatever its size: the
// line of least squares through (bytes, time), in which each request weighs four fifths of the one
// after it.
//
//   time = own + bytes x slope
//
// While all are about as large the line could have any slope: then `own` stays what it was (less,
// if a request takes less in all) and the rest is the size's. Who cuts what is slow learns so
// whether that helps: the sizes differ from then on. A request that takes eight times as long as
// foretold, or an eighth, is news: what was known before does not count any more.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_TIMES_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_TIMES_H_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>

namespace micromegas::upload {

class RequestTimes {
 public:
  using Duration = std::chrono::steady_clock::duration;

  // Less than `much` is never news.
  explicit RequestTimes(Duration much) : much_(seconds(much)) {}

  // A request that was answered: what its size has cost it.
  Duration add(std::size_t bytes, Duration took) noexcept {
    const double x = bytes < kSmall ? 0 : static_cast<double>(bytes);
    const double y = seconds(took);
    const double foretold = own_ + slope_ * x;
    const bool longer = y > kNews * foretold + much_;
    const bool shorter = foretold > kNews * y + much_ / kNews;
    if (longer || shorter) *this = RequestTimes(much_);
    for (double* sum : {&n_, &x_, &y_, &xx_, &xy_}) *sum *= kDecay;
    n_ += 1;
    x_ += x;
    y_ += y;
    xx_ += x * x;
    xy_ += x * y;
    fit();
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(slope_ * x));
  }

 private:
  static constexpr std::size_t kSmall = std::size_t{16} << 10;  // costs what nothing would
  static constexpr double kDecay = 0.8;
  static constexpr double kNews = 8;
  static constexpr double kSpread = 0.125;  // standard deviation of sizes that differ, by the mean

  explicit RequestTimes(double much) : much_(much) {}
  static double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

  void fit() noexcept {
    const double x = x_ / n_;
    const double y = y_ / n_;
    const double variance = xx_ / n_ - x * x;
    if (variance > 0 && std::sqrt(variance) > kSpread * x) {
      slope_ = std::max((xy_ / n_ - x * y) / variance, 0.0);
      own_ = std::max(y - slope_ * x, 0.0);
    } else {
      own_ = x > 0 ? std::min(own_, y) : y;
    }
    // Less steep where the line would begin below nothing.
    slope_ = x > 0 ? (y - own_) / x : 0;
  }

  double much_;
  double n_ = 0, x_ = 0, y_ = 0, xx_ = 0, xy_ = 0;  // sums, with weights
  double own_ = 0;                                  // seconds
  double slope_ = 0;                                // seconds a byte
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_REQUEST_TIMES_H_
