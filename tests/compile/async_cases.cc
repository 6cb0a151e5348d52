// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What MM_ASYNC_SPAN does not take, and says so in a sentence.

#if defined(__clang__)
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif
#include <asio/awaitable.hpp>
#include <coroutine>

#include "micromegas/instrument.h"

asio::awaitable<void> query();

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

#if defined(AWAITABLE_OF_ASIO)
asio::awaitable<void> awaitable_of_asio() { co_await MM_ASYNC_SPAN("span", query()); }
#elif defined(NOT_AWAITABLE)
Task not_awaitable() { co_await MM_ASYNC_SPAN("span", 7); }
#else
Task good() { co_await MM_ASYNC_SPAN("span", std::suspend_never()); }
#endif
