// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How requests say who sends them.
#ifndef MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_
#define MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"
#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

// Lives on the upload thread; nothing here blocks.
class Credential {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Credential() = default;
  // The value of the Authorization header; empty: none is sent. Asked for each request. The view
  // holds until the next call of anything here.
  virtual std::string_view authorization() = 0;

  // Whether a request is worth making now. If not, or if it soon will not be, this sets to work;
  // `on_change` is called when the answer may be another.
  virtual bool ready(TimePoint /*now*/) { return true; }
  // When to ask ready() again, unless `on_change` comes first.
  [[nodiscard]] virtual std::optional<TimePoint> next_wake() const { return std::nullopt; }
  virtual void set_on_change(std::function<void()> /*on_change*/) {}
  // Which one authorization() gives; changes with it.
  [[nodiscard]] virtual std::uint64_t generation() const { return 0; }
  // The server has answered 401 to a request that carried this one.
  virtual void refused(std::uint64_t /*generation*/, TimePoint /*now*/) {}
  // Why it is not ready; empty while all is well. For people.
  [[nodiscard]] virtual std::string trouble() const { return {}; }
  // Whether there will be none until somebody has mended something.
  [[nodiscard]] virtual bool gave_up() const { return false; }
  // A stop is near: no long waits any more.
  virtual void hurry() {}
  // Any thread, after the loop has stopped. False: a thread was left behind.
  virtual bool stop(TimePoint /*deadline*/) { return true; }
};

// "Bearer KEY". An error, without the key in it, if a header cannot carry the key. An empty key
// gives a credential that sends nothing.
Result<std::shared_ptr<Credential>> make_api_key(std::string_view key, std::string_view option);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_
