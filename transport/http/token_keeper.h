// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A credential that expires: when to fetch another one.
//
// * One fetch at a time, whatever the number of requests.
// * Early: `early` before the end of its lifetime, though not before half of it, while the old one
//   still serves.
// * A floor: no token is fetched sooner than `floor` after the one before, however short the
// lifetime
//   that the answer tells, or if it tells none.
// * Failures wait, longer each time; those that need somebody to mend something wait long.
#ifndef MICROMEGAS_TRANSPORT_HTTP_TOKEN_KEEPER_H_
#define MICROMEGAS_TRANSPORT_HTTP_TOKEN_KEEPER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "micromegas/transport/http/credential.h"
#include "micromegas/transport/http/token_source.h"

namespace micromegas::http {

struct TokenKeeperOptions {
  std::chrono::seconds early{180};
  std::chrono::seconds floor{30};
  std::chrono::milliseconds wait_min{1'000};   // after the first failure; doubles ...
  std::chrono::milliseconds wait_max{60'000};  // ... up to this
  std::chrono::milliseconds give_up_wait{300'000};
  std::uint64_t seed = std::random_device{}();  // of the jitter
};

class TokenKeeper final : public Credential {
 public:
  explicit TokenKeeper(std::unique_ptr<TokenSource> source, TokenKeeperOptions options = {});

  std::string_view authorization() override { return token_.reveal(); }
  bool ready(TimePoint now) override;
  [[nodiscard]] std::optional<TimePoint> next_wake() const override;
  void set_on_change(std::function<void()> on_change) override {
    on_change_ = std::move(on_change);
  }
  [[nodiscard]] std::uint64_t generation() const override { return generation_; }
  void refused(std::uint64_t generation, TimePoint now) override;
  [[nodiscard]] std::string trouble() const override { return trouble_; }
  [[nodiscard]] bool gave_up() const override { return gave_up_; }
  void hurry() override;
  bool stop(TimePoint deadline) override { return source_->stop(deadline); }

 private:
  void fetched(TokenAnswer answer, TimePoint now);
  [[nodiscard]] std::chrono::milliseconds wait_after_failure();

  std::unique_ptr<TokenSource> source_;
  TokenKeeperOptions options_;
  std::mt19937_64 random_;
  std::function<void()> on_change_;

  Secret token_;
  std::uint64_t generation_ = 0;
  std::optional<TimePoint> expires_at_;      // none: not known, or no token
  TimePoint refresh_at_ = TimePoint::min();  // not before this
  std::optional<TimePoint> fetched_at_;
  bool fetching_ = false;
  bool hurried_ = false;
  bool gave_up_ = false;
  int failures_ = 0;
  std::string trouble_;
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_TOKEN_KEEPER_H_
