// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What asio.h and boost_asio.h are made of. `Asio` names one of the two libraries.
#ifndef MICROMEGAS_ASIO_SPANS_H_
#define MICROMEGAS_ASIO_SPANS_H_

#if !(defined(__cplusplus) && __cplusplus >= 202002L)
#error "micromegas needs C++20: compile with -std=c++20 or later"
#endif

#include <optional>
#include <type_traits>
#include <utility>

#include "micromegas/instrument.h"

namespace micromegas::detail {

// Runs a function of an executor with a span current.
template <class F>
class InSpan {
 public:
  template <class G>
  InSpan(SpanCarrierRef carrier, G&& function)
      : carrier_(std::move(carrier)), function_(std::forward<G>(function)) {}

  void operator()() {
    const CarrierScope scope(carrier_.get());
    std::move(function_)();
  }

 private:
  SpanCarrierRef carrier_;
  F function_;
};

// An executor whose functions, and so the coroutines and handlers that it resumes, run with one and
// the same span current, whichever thread runs them.
template <class Asio, class Inner>
class SpanExecutor {
 public:
  SpanExecutor(const Inner& inner, SpanCarrierRef carrier) noexcept
      : inner_(inner), carrier_(std::move(carrier)) {}

  template <class F>
  void execute(F&& function) const {
    Asio::execute(inner_, InSpan<std::decay_t<F>>(carrier_, std::forward<F>(function)));
  }

  template <class Property>
  requires(Asio::template kCanQuery<const Inner&, Property>) decltype(auto)
      query(const Property& property) const
      noexcept(noexcept(Asio::query(std::declval<const Inner&>(), property))) {
    return Asio::query(inner_, property);
  }
  template <class Property>
  requires(Asio::template kCanRequire<const Inner&, Property>) auto require(
      const Property& property) const {
    return around(Asio::require(inner_, property));
  }
  template <class Property>
  requires(Asio::template kCanPrefer<const Inner&, Property>) auto prefer(
      const Property& property) const {
    return around(Asio::prefer(inner_, property));
  }

  friend bool operator==(const SpanExecutor& a, const SpanExecutor& b) noexcept {
    return a.inner_ == b.inner_ && a.carrier_ == b.carrier_;
  }
  friend bool operator!=(const SpanExecutor& a, const SpanExecutor& b) noexcept {
    return !(a == b);
  }

  // The executor that this one was made of.
  [[nodiscard]] const Inner& inner() const noexcept { return inner_; }

 private:
  template <class Other>
  auto around(const Other& other) const {
    return SpanExecutor<Asio, Other>(other, carrier_);
  }

  Inner inner_;
  SpanCarrierRef carrier_;
};

// `executor` in a form that Held, an awaitable's executor, can hold; one span instead of another,
// not one inside the other.
template <class Asio, class Held, class Executor>
Held carry(const Executor& executor, const SpanCarrierRef& carrier) {
  using Native = typename Asio::NativeExecutor;
  if constexpr (requires { executor.template target<Native>(); }) {
    if (const auto* native = executor.template target<Native>()) {
      return Held(SpanExecutor<Asio, Native>(*native, carrier));
    }
    if (const auto* span = executor.template target<SpanExecutor<Asio, Native>>()) {
      return Held(SpanExecutor<Asio, Native>(span->inner(), carrier));
    }
    if (const auto* span = executor.template target<SpanExecutor<Asio, Executor>>()) {
      return Held(SpanExecutor<Asio, Executor>(span->inner(), carrier));
    }
  }
  return Held(SpanExecutor<Asio, Executor>(executor, carrier));
}

template <class Asio, class Held>
inline constexpr bool kCanCarry = std::is_constructible_v<Held, SpanExecutor<Asio, Held>>;

// Ends the span of an awaitable: destroyed, unless it is told otherwise.
class SpanEnd {
 public:
  explicit SpanEnd(SpanCarrierRef carrier) noexcept
      : carrier_(std::move(carrier)), outer_(current_span_context()) {}
  ~SpanEnd() {
    if (carrier_.get() != nullptr) carrier_->finish(kEndedByDestruction);
  }
  SpanEnd(const SpanEnd&) = delete;
  SpanEnd& operator=(const SpanEnd&) = delete;

  [[nodiscard]] const SpanCarrierRef& carrier() const noexcept { return carrier_; }
  // Its caller goes on here.
  void finish(std::string_view reason) noexcept {
    if (carrier_.get() == nullptr) return;
    carrier_->finish(reason);
    leave_span(carrier_.get(), outer_);
  }

 private:
  SpanCarrierRef carrier_;
  SpanContext outer_;  // what was current when it was awaited
};

// What is awaited, as a coroutine of its own under an executor of its own. Cancellation comes
// through the caller's filter, so nothing is left to filter here.
template <class Asio, class T, class Ex>
typename Asio::template Awaitable<void, Ex> inner_coroutine(
    typename Asio::template Awaitable<T, Ex> awaitable, std::optional<T>& result, bool throws) {
  co_await Asio::pass_cancellations();
  co_await Asio::throw_if_cancelled(throws);
  result.emplace(co_await std::move(awaitable));
}
template <class Asio, class Ex>
typename Asio::template Awaitable<void, Ex> inner_coroutine(
    typename Asio::template Awaitable<void, Ex> awaitable, bool throws) {
  co_await Asio::pass_cancellations();
  co_await Asio::throw_if_cancelled(throws);
  co_await std::move(awaitable);
}

template <class Asio, class T, class Ex>
typename Asio::template Awaitable<T, Ex> awaitable_in_span(
    AsyncSpan span, typename Asio::template Awaitable<T, Ex> awaitable) {
  SpanEnd end(SpanCarrierRef(SpanCarrier::make(std::move(span))));
  try {
    if constexpr (kCanCarry<Asio, Ex>) {
      const Ex executor = carry<Asio, Ex>(co_await Asio::this_coro_executor(), end.carrier());
      const bool throws = co_await Asio::throw_if_cancelled();
      if constexpr (std::is_void_v<T>) {
        co_await Asio::co_spawn(executor, inner_coroutine<Asio, Ex>(std::move(awaitable), throws),
                                typename Asio::template UseAwaitable<Ex>());
        end.finish({});
      } else {
        std::optional<T> result;
        co_await Asio::co_spawn(executor,
                                inner_coroutine<Asio, T, Ex>(std::move(awaitable), result, throws),
                                typename Asio::template UseAwaitable<Ex>());
        end.finish({});
        co_return std::move(*result);
      }
    } else if constexpr (std::is_void_v<T>) {
      co_await std::move(awaitable);
      end.finish({});
    } else {
      T result = co_await std::move(awaitable);
      end.finish({});
      co_return result;
    }
  } catch (const typename Asio::SystemError& error) {
    end.finish(Asio::is_cancellation(error) ? kEndedByCancellation : kEndedByException);
    throw;
  } catch (...) {
    end.finish(kEndedByException);
    throw;
  }
}

template <class Asio, class T, class Ex>
typename Asio::template Awaitable<T, Ex> span_around_awaitable(
    AsyncSpan&& span, typename Asio::template Awaitable<T, Ex>&& awaitable) {
  if (!span.prepared()) return std::move(awaitable);
  return awaitable_in_span<Asio, T, Ex>(std::move(span), std::move(awaitable));
}

// Of a coroutine that was spawned with `carrier`. Under a plain executor its caller is resumed
// inside its last stretch, and goes on with what was current before.
template <class Asio, class T, class Ex>
typename Asio::template Awaitable<T, Ex> leave_spawned(
    typename Asio::template Awaitable<T, Ex> spawned, SpanCarrierRef carrier) {
  const SpanContext outer = current_span_context();
  const auto leave = [&] {
    if (carrier->context().span_id != outer.span_id) leave_span(carrier.get(), outer);
  };
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(spawned);
      leave();
    } else {
      T result = co_await std::move(spawned);
      leave();
      co_return result;
    }
  } catch (...) {
    leave();
    throw;
  }
}

template <class Asio, class Ex, class Executor, class F, class Token>
decltype(auto) spawn(const Executor& executor, F&& function, Token&& token) {
  static_assert(
      std::is_constructible_v<Ex, SpanExecutor<Asio, Executor>>,
      "micromegas::co_spawn carries the current span in the awaitable's executor: that must "
      "be able to hold another one, as any_io_executor does, which is the default");
  const SpanCarrierRef carrier = current_carrier();
  const Ex carried = carry<Asio, Ex>(executor, carrier);
  if constexpr (Asio::template IsUseAwaitable<std::remove_cvref_t<Token>>::value) {
    auto spawned = Asio::co_spawn(carried, std::forward<F>(function), std::forward<Token>(token));
    using Spawned = decltype(spawned);
    if (carrier.get() == nullptr) return spawned;
    return leave_spawned<Asio, typename Spawned::value_type, typename Spawned::executor_type>(
        std::move(spawned), carrier);
  } else {
    return Asio::co_spawn(carried, std::forward<F>(function), std::forward<Token>(token));
  }
}

}  // namespace micromegas::detail

#endif  // MICROMEGAS_ASIO_SPANS_H_
