// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/platform/exception_text.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <typeinfo>

namespace micromegas {
namespace {

constexpr int kMaxDepth = 16;            // of exceptions in exceptions
constexpr std::size_t kMaxPart = 4096U;  // leaves room for what caused it

}  // namespace

void ExceptionText::add(std::string_view text) noexcept {
  const std::size_t n = std::min({text.size(), kMaxPart, text_.size() - size_});
  std::memcpy(text_.data() + size_, text.data(), n);
  size_ += n;
}

void ExceptionText::add_type() noexcept {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    add("an exception of another language");
    return;
  }
  int status = 0;
  char* const name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  add(name != nullptr ? name : type->name());
  std::free(name);
}

void ExceptionText::describe_current() noexcept {
  size_ = 0;
  const std::exception_ptr current = std::current_exception();
  if (current == nullptr) return;
  try {
    std::rethrow_exception(current);
  } catch (...) {
    describe_handled(0);
  }
}

void ExceptionText::describe_handled(int depth) noexcept {
  add_type();
  std::exception_ptr cause;
  try {
    throw;
  } catch (const std::exception& error) {
    const char* const what = error.what();
    add(": ");
    add(what != nullptr ? what : "(null)");
#if defined(__cpp_rtti)
    if (const auto* nested = dynamic_cast<const std::nested_exception*>(&error)) {
      cause = nested->nested_ptr();
    }
#endif
  } catch (const std::nested_exception& nested) {
    cause = nested.nested_ptr();
  } catch (const std::string& text) {
    add(": ");
    add(text);
  } catch (const char* text) {
    add(": ");
    add(text != nullptr ? text : "(null)");
  } catch (...) {
  }
  if (cause == nullptr || depth == kMaxDepth) return;
  try {
    std::rethrow_exception(cause);
  } catch (...) {
    add("; caused by ");
    describe_handled(depth + 1);
  }
}

}  // namespace micromegas
