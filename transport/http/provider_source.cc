// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/provider_source.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "micromegas/platform/thread.h"

namespace micromegas::http {
namespace {

constexpr std::size_t kLongestHeader = 16 * 1024;

TokenAnswer ask(CredentialProvider& provider) {
  TokenAnswer out;
  CredentialProvider::Answer answer;
  try {
    answer = provider.fetch();
  } catch (...) {
    out.error = "the credential provider threw";
    return out;
  }
  switch (answer.kind) {
    case CredentialProvider::Answer::Kind::kCredential:
      if (is_sendable(answer.text)) {
        out.kind = TokenAnswer::Kind::kToken;
        out.authorization = Secret(answer.text);
        out.lifetime = answer.lifetime;
      } else {
        out.kind = TokenAnswer::Kind::kGiveUp;
        out.error = "the credential provider gave what a header cannot carry (not shown)";
      }
      wipe(answer.text);
      break;
    case CredentialProvider::Answer::Kind::kWait:
      out.error = "the credential provider: " + answer.text;
      break;
    case CredentialProvider::Answer::Kind::kGiveUp:
      out.kind = TokenAnswer::Kind::kGiveUp;
      out.error = "the credential provider gave up: " + answer.text;
      break;
  }
  return out;
}

class ProviderSource final : public TokenSource {
 public:
  ProviderSource(Loop& loop, std::shared_ptr<CredentialProvider> provider)
      : loop_(loop), provider_(std::move(provider)) {}
  ~ProviderSource() override { stop(std::chrono::steady_clock::now()); }

  void fetch(std::function<void(TokenAnswer)> done) override {
    if (thread_.joinable()) thread_.join();  // it has answered
    auto call = std::make_shared<Call>();
    call->loop = &loop_;
    call_ = call;
    auto thread = start_thread_with_signals_blocked("mm-credential", [call, provider = provider_,
                                                                      done]() mutable {
      TokenAnswer answer = ask(*provider);
      const std::lock_guard lock(call->mutex);
      if (call->loop != nullptr) {
        call->loop->post([done = std::move(done), answer = std::move(answer)] { done(answer); });
      }
      call->finished = true;
      call->changed.notify_all();
    });
    if (thread) {
      thread_ = std::move(*thread);
      return;
    }
    call_.reset();
    loop_.post([done = std::move(done), why = thread.error().message()] {
      TokenAnswer answer;
      answer.error = why;
      done(std::move(answer));
    });
  }

  bool stop(std::chrono::steady_clock::time_point deadline) override {
    if (!call_) return true;
    const auto call = std::move(call_);
    std::unique_lock lock(call->mutex);
    call->loop = nullptr;
    const bool finished = call->changed.wait_until(lock, deadline, [&] { return call->finished; });
    lock.unlock();
    if (finished) {
      thread_.join();
    } else {
      thread_.detach();
    }
    return finished;
  }

 private:
  // Shared with the thread, which may outlive the source.
  struct Call {
    std::mutex mutex;
    std::condition_variable changed;
    Loop* loop = nullptr;
    bool finished = false;
  };

  Loop& loop_;
  std::shared_ptr<CredentialProvider> provider_;
  std::shared_ptr<Call> call_;
  std::thread thread_;
};

}  // namespace

bool is_sendable(std::string_view authorization) {
  return !authorization.empty() && authorization.size() <= kLongestHeader &&
         std::all_of(authorization.begin(), authorization.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

std::unique_ptr<TokenSource> make_provider_source(Loop& loop,
                                                  std::shared_ptr<CredentialProvider> provider) {
  return std::make_unique<ProviderSource>(loop, std::move(provider));
}

}  // namespace micromegas::http
