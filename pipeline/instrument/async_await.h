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

// Their promises take nothing else.
template <class A>
inline constexpr bool kIsAsios = requires(A& awaitable) {
  typename A::value_type;
  typename A::executor_type;
  awaitable.await_resume();
};
template <class A>
inline constexpr bool kIsAwaitable = requires(A& awaitable) {
  awaiter_of(awaitable).await_ready();
}
|| requires(A& awaitable) { awaiter_of(std::move(awaitable)).await_ready(); };

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
    // Destroyed while it waits, or what it awaits has thrown instead of waiting.
    ~Awaiter() {
      if (span_.id() != 0) span_.finish(thrown_ ? kEndedByException : kEndedByDestruction);
    }
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;

    bool await_ready() {
      span_.begin();
      const Throws throws(*this);
      return awaiter_.await_ready();
    }
    template <class Promise>
    auto await_suspend(std::coroutine_handle<Promise> handle) {
      const Throws throws(*this);
      return awaiter_.await_suspend(handle);
    }
    decltype(auto) await_resume() {
      const AsyncSpan ended(std::move(span_));  // by an exception, too
      return awaiter_.await_resume();
    }

   private:
    // Afterwards the frame may be gone, unless an exception is on its way through it.
    class Throws {
     public:
      explicit Throws(Awaiter& awaiter) noexcept : awaiter_(awaiter) {}
      ~Throws() {
        if (uncaught_exceptions() > before_) awaiter_.thrown_ = true;
      }
      Throws(const Throws&) = delete;
      Throws& operator=(const Throws&) = delete;

     private:
      Awaiter& awaiter_;
      std::uint8_t before_ = uncaught_exceptions();
    };

    bool thrown_ = false;
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
    static_assert(!kIsAsios<Awaitable>,
                  "to measure an awaitable of Asio, include micromegas/asio.h or "
                  "micromegas/boost_asio.h");
    static_assert(kIsAwaitable<Awaitable>,
                  "MM_ASYNC_SPAN takes what co_await takes in any coroutine; an operation of Asio "
                  "with the token use_awaitable");
    return SpannedAwaitable<A>(std::move(span), std::forward<A>(awaitable));
  }
};

// What MM_ASYNC_SPAN is made of: SpanName().awaited(awaitable).in(span).
template <class A>
class Awaited {
 public:
  Awaited(SpanRecords& name, A&& awaitable) noexcept
      : name_(name), awaitable_(std::forward<A>(awaitable)) {}

  auto in(AsyncSpan&& span) && {
    if (span.is_named() && span.prepared()) span.set_name(std::move(name_));
    return SpanAround<std::remove_cvref_t<A>>::make(std::move(span), std::forward<A>(awaitable_));
  }

 private:
  SpanRecords& name_;
  A&& awaitable_;
};
class SpanName {
 public:
  void open(std::string_view name) noexcept { name_.set_name(span_name(name)); }
  template <class A>
  Awaited<A> awaited(A&& awaitable) noexcept {
    return {name_, std::forward<A>(awaitable)};
  }

 private:
  SpanRecords name_;
};

}  // namespace micromegas::detail

#endif

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_ASYNC_AWAIT_H_
