// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The exception being handled, in words.
#ifndef MICROMEGAS_PLATFORM_EXCEPTION_TEXT_H_
#define MICROMEGAS_PLATFORM_EXCEPTION_TEXT_H_

#include <array>
#include <cstddef>
#include <string_view>

namespace micromegas {

// "std::runtime_error: disk full; caused by std::system_error: open: No such file"; of an exception
// that is no std::exception its type, and its text if it is a string. Takes no memory but for the
// names of types, throws nothing. What is too long is cut.
class ExceptionText {
 public:
  // Of std::current_exception(); "" if there is none.
  void describe_current() noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  void describe_handled(int depth) noexcept;  // in a catch block
  void add(std::string_view text) noexcept;
  void add_type() noexcept;

  std::array<char, 8192> text_;
  std::size_t size_ = 0;
};

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_EXCEPTION_TEXT_H_
