// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The current span across the coroutines and handlers of Boost.Asio:
//
//   micromegas::co_spawn(executor, session(socket), boost::asio::detached);  // under the current
//   span co_await MM_ASYNC_SPAN("query", db.run(sql));                   // current inside
//   timer.async_wait(micromegas::bind_span_context(on_timer));      // for a handler
//   boost::asio::post(micromegas::span_executor(executor), work);     // for all that an executor
//   runs
//
// For coroutines: boost::asio::awaitable. docs/async.md says what is current where. Boost.Asio
// needs RTTI and exceptions.
#ifndef MICROMEGAS_BOOST_ASIO_H_
#define MICROMEGAS_BOOST_ASIO_H_

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associator.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <type_traits>
#include <utility>

#include "micromegas/asio_spans.h"

namespace micromegas {
namespace detail {

struct BoostAsio {
  using NativeExecutor = boost::asio::io_context::executor_type;
  template <class T, class Ex>
  using Awaitable = boost::asio::awaitable<T, Ex>;
  template <class Ex>
  using UseAwaitable = boost::asio::use_awaitable_t<Ex>;
  template <class Token>
  struct IsUseAwaitable : std::false_type {};
  template <class Ex>
  struct IsUseAwaitable<boost::asio::use_awaitable_t<Ex>> : std::true_type {};

  template <class E, class P>
  static constexpr bool kCanQuery = boost::asio::can_query<E, P>::value;
  template <class E, class P>
  static constexpr bool kCanRequire = boost::asio::can_require<E, P>::value;
  template <class E, class P>
  static constexpr bool kCanPrefer = boost::asio::can_prefer<E, P>::value;
  template <class E, class P>
  static decltype(auto) query(const E& executor,
                              const P& property) noexcept(noexcept(boost::asio::query(executor,
                                                                                      property))) {
    return boost::asio::query(executor, property);
  }
  template <class E, class P>
  static auto require(const E& executor, const P& property) {
    return boost::asio::require(executor, property);
  }
  template <class E, class P>
  static auto prefer(const E& executor, const P& property) {
    return boost::asio::prefer(executor, property);
  }
  template <class E, class F>
  static void execute(const E& executor, F&& function) {
    executor.execute(std::forward<F>(function));
  }

  static auto this_coro_executor() noexcept { return boost::asio::this_coro::executor; }
  static auto throw_if_cancelled() noexcept { return boost::asio::this_coro::throw_if_cancelled(); }
  static auto throw_if_cancelled(bool value) noexcept {
    return boost::asio::this_coro::throw_if_cancelled(value);
  }
  static auto pass_cancellations() noexcept {
    return boost::asio::this_coro::reset_cancellation_state(
        boost::asio::enable_total_cancellation());
  }
  template <class Ex, class F, class Token>
  static decltype(auto) co_spawn(const Ex& executor, F&& function, Token&& token) {
    return boost::asio::co_spawn(executor, std::forward<F>(function), std::forward<Token>(token));
  }

  using SystemError = boost::system::system_error;
  static bool is_cancellation(const SystemError& error) noexcept {
    return error.code() == boost::asio::error::operation_aborted;
  }

  // An executor, or an awaitable, of this library and not of the other one.
  template <class E>
  static constexpr bool kIsExecutor =
      boost::asio::can_query<const E&, boost::asio::execution::context_t>::value;
  template <class C>
  static constexpr bool kIsContext = std::is_convertible_v<C&, boost::asio::execution_context&>;
  template <class A>
  struct ExecutorOf {};
  template <class T, class Ex>
  struct ExecutorOf<boost::asio::awaitable<T, Ex>> {
    using type = Ex;
  };
};

template <class T, class Ex>
struct SpanAround<boost::asio::awaitable<T, Ex>> {
  static boost::asio::awaitable<T, Ex> make(AsyncSpan&& span,
                                            boost::asio::awaitable<T, Ex> awaitable) {
    return span_around_awaitable<BoostAsio, T, Ex>(std::move(span), std::move(awaitable));
  }
};

// An operation that waits for its completion token, as with boost::asio::deferred: awaited under
// any_io_executor.
template <class Operation>
requires(boost::asio::is_async_operation<Operation>::value) struct SpanAround<Operation> {
  template <class A>
  static auto make(AsyncSpan&& span, A&& operation) {
    auto awaitable = std::forward<A>(operation)(boost::asio::use_awaitable);
    return SpanAround<decltype(awaitable)>::make(std::move(span), std::move(awaitable));
  }
};

}  // namespace detail

// An executor that does what `executor` does, with the span current that is current now.
template <class Executor>
requires(detail::BoostAsio::kIsExecutor<Executor>) auto span_executor(const Executor& executor) {
  return detail::SpanExecutor<detail::BoostAsio, Executor>(executor, detail::current_carrier());
}

// As boost::asio::co_spawn: the coroutine, and whatever it spawns on its own executor, has the span
// as current that is current now, wherever it resumes.
template <class Executor, class T, class Ex, class Token>
requires(detail::BoostAsio::kIsExecutor<Executor>) decltype(auto)
    co_spawn(const Executor& executor, boost::asio::awaitable<T, Ex> awaitable, Token&& token) {
  return detail::spawn<detail::BoostAsio, Ex>(executor, std::move(awaitable),
                                              std::forward<Token>(token));
}
template <class Executor, class F, class Token,
          class Ex = typename detail::BoostAsio::ExecutorOf<std::invoke_result_t<F&>>::type>
requires(detail::BoostAsio::kIsExecutor<Executor>) decltype(auto)
    co_spawn(const Executor& executor, F&& function, Token&& token) {
  return detail::spawn<detail::BoostAsio, Ex>(executor, std::forward<F>(function),
                                              std::forward<Token>(token));
}
template <class Context, class F, class Token>
requires(detail::BoostAsio::kIsContext<Context>) decltype(auto)
    co_spawn(Context& context, F&& function, Token&& token) {
  return micromegas::co_spawn(context.get_executor(), std::forward<F>(function),
                              std::forward<Token>(token));
}

}  // namespace micromegas

// A bound handler has the executor, the allocator and the cancellation slot of the handler.
template <template <class, class> class Associator, class F, class Default>
struct boost::asio::associator<Associator, micromegas::detail::BoundToSpan<F>, Default>
    : Associator<F, Default> {
  static typename Associator<F, Default>::type get(const micromegas::detail::BoundToSpan<F>& bound,
                                                   const Default& otherwise = Default()) noexcept {
    return Associator<F, Default>::get(bound.function(), otherwise);
  }
};

#endif  // MICROMEGAS_BOOST_ASIO_H_
