// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/token_keeper.h"

#include <algorithm>
#include <utility>

namespace micromegas::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kLongestLifetime{365 * 86'400};
constexpr milliseconds kHurriedWait{200};

}  // namespace

TokenKeeper::TokenKeeper(std::unique_ptr<TokenSource> source, TokenKeeperOptions options)
    : source_(std::move(source)), options_(options), random_(options.seed) {}

bool TokenKeeper::ready(TimePoint now) {
  if (!fetching_ && now >= refresh_at_) {
    fetching_ = true;
    source_->fetch([this](TokenAnswer answer) {
      fetched(std::move(answer), std::chrono::steady_clock::now());
    });
  }
  if (expires_at_ && now >= *expires_at_) {
    token_ = Secret();
    expires_at_.reset();
  }
  return !token_.empty();
}

std::optional<Credential::TimePoint> TokenKeeper::next_wake() const {
  if (fetching_) return std::nullopt;
  return refresh_at_ == TimePoint::max() ? std::nullopt : std::optional(refresh_at_);
}

void TokenKeeper::fetched(TokenAnswer answer, TimePoint now) {
  fetching_ = false;
  if (answer.kind == TokenAnswer::Kind::kToken) {
    token_ = std::move(answer.authorization);
    ++generation_;
    fetched_at_ = now;
    failures_ = 0;
    gave_up_ = false;
    trouble_.clear();
    if (answer.lifetime) {
      const seconds lifetime = std::clamp(*answer.lifetime, seconds(0), kLongestLifetime);
      const seconds wait = std::max(lifetime - options_.early, lifetime / 2);
      refresh_at_ = now + std::max(wait, options_.floor);
      // A lifetime below the floor: used until the server says no.
      expires_at_ = std::max(now + lifetime, refresh_at_ + options_.floor);
    } else {
      refresh_at_ = TimePoint::max();
      expires_at_.reset();
    }
  } else {
    ++failures_;
    gave_up_ = answer.kind == TokenAnswer::Kind::kGiveUp;
    trouble_ = std::move(answer.error);
    milliseconds wait = gave_up_ ? options_.give_up_wait : wait_after_failure();
    if (answer.retry_after) {
      wait = std::max<milliseconds>(
          wait, std::min<milliseconds>(*answer.retry_after, options_.give_up_wait));
    }
    refresh_at_ = now + wait;
  }
  if (on_change_) on_change_();
}

milliseconds TokenKeeper::wait_after_failure() {
  if (hurried_) return kHurriedWait;
  const auto doubled = options_.wait_min * (std::int64_t{1} << std::min(failures_ - 1, 20));
  const auto most = std::min<milliseconds>(doubled, options_.wait_max).count();
  // Half of it at least: a token endpoint is asked by many at once after its outage.
  return milliseconds(std::uniform_int_distribution<std::int64_t>(most / 2, most)(random_));
}

void TokenKeeper::refused(std::uint64_t generation, TimePoint now) {
  if (generation != generation_ || token_.empty()) return;  // of one that is replaced already
  token_ = Secret();
  expires_at_.reset();
  refresh_at_ = std::max(now, *fetched_at_ + options_.floor);
  trouble_ = "the server refused the credential; another one is fetched";
}

void TokenKeeper::hurry() {
  hurried_ = true;
  if (token_.empty() && !gave_up_) refresh_at_ = TimePoint::min();
}

}  // namespace micromegas::http
