// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A reference to a callable, for a parameter that is called before the function returns. Two
// pointers, never owns, never allocates.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_FUNCTION_REF_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_FUNCTION_REF_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace micromegas {

template <class Signature>
class FunctionRef;

template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F,
            class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
                                     std::is_invocable_r_v<R, F&, Args...>>>
  FunctionRef(F&& f) noexcept  // NOLINT(google-explicit-constructor): stands for the callable
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace micromegas

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_FUNCTION_REF_H_
