// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What MM_ASYNC_SPAN makes of an awaitable: the same one with a span around it. For coroutine types
// whose promise takes any awaitable; asio.h and boost_asio.h say how it is done for theirs.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_AWAIT_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_AWAIT_H_

#include <utility>

#include "micromegas/pipeline/instrument/async_recorder.h"

#if __has_include(<coroutine>) && (defined(__cpp_impl_coroutine) || defined(__cpp_coroutines))
#include <coroutine>

namespace micromegas::detail {

template <class Awaitable>
decltype(auto) awaiter_of(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
    return operator co_await(std::forward<Awaitable>(awaitable));
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

// `Awaitable`: a reference to one that outlives the expression, or its type.
template <class Awaitable>
class [[nodiscard]] SpannedAwaitable {
 public:
  template <class A>
  SpannedAwaitable(AsyncSpan&& span, A&& awaitable)
      : span_(std::move(span)), awaitable_(std::forward<A>(awaitable)) {}

  auto operator co_await() && { return Awaiter(*this); }

 private:
  class Awaiter {
   public:
    explicit Awaiter(SpannedAwaitable& spanned)
        : span_(std::move(spanned.span_)),
          awaiter_(awaiter_of(std::forward<Awaitable>(spanned.awaitable_))) {}
    // Destroyed while it waits.
    ~Awaiter() {
      if (span_.id() != 0) span_.finish(kEndedByDestruction);
    }
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;

    bool await_ready() {
      span_.begin();
      return awaiter_.await_ready();
    }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> handle) {
      return awaiter_.await_suspend(handle);
    }
    decltype(auto) await_resume() {
      const AsyncSpan ended(std::move(span_));  // by an exception, too
      return awaiter_.await_resume();
    }

   private:
    AsyncSpan span_;
    decltype(awaiter_of(std::declval<Awaitable>())) awaiter_;
  };

  AsyncSpan span_;
  Awaitable awaitable_;
};

// Specialised for coroutine types that take their own awaitables only.
template <class Awaitable>
struct SpanAround {
  template <class A>
  static auto make(AsyncSpan&& span, A&& awaitable) {
    return SpannedAwaitable<A>(std::move(span), std::forward<A>(awaitable));
  }
};

template <class A>
auto span_around(AsyncSpan&& span, A&& awaitable) {
  return SpanAround<std::remove_cvref_t<A>>::make(std::move(span), std::forward<A>(awaitable));
}

}  // namespace micromegas::detail

#endif

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_AWAIT_H_
