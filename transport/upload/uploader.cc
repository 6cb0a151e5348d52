// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/upload/uploader.h"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace micromegas::upload {
namespace {

std::string_view path_of(RequestKind kind) {
  switch (kind) {
    case RequestKind::kProcess:
      return "/ingestion/insert_process";
    case RequestKind::kStream:
      return "/ingestion/insert_stream";
    case RequestKind::kBlock:
      break;
  }
  return "/ingestion/insert_block";
}

}  // namespace

Uploader::Uploader(OutboxOptions outbox, http::ClientOptions client,
                   const MakeCredential& credential)
    : outbox_(std::move(outbox)), loop_(std::make_unique<http::Loop>()) {
  if (credential) {
    client.credential = credential(*loop_);
    client.credential->set_on_change([this] { pump(); });
  }
  credential_ = client.credential;
  client_ = std::make_unique<http::Client>(*loop_, std::move(client));
}

Uploader::~Uploader() = default;

Result<void> Uploader::start() { return loop_->start("mm-upload"); }

void Uploader::wake() {
  // One message at a time is enough; the loop's queue cannot grow while its thread is busy.
  if (woken_.exchange(true)) return;
  const std::lock_guard lock(loop_mutex_);
  if (!loop_) return;
  loop_->post([this] {
    woken_.store(false);
    pump();
  });
}

void Uploader::pump() {
  const TimePoint now = clock_();
  const bool ready = !credential_ || outbox_.empty() || credential_->ready(now);
  if (credential_) {
    outbox_.no_credential(ready ? "" : credential_->trouble(), !ready && credential_->gave_up());
  }
  while (ready) {
    auto job = outbox_.take(now);
    if (!job) break;
    if (!job->body && !encode(*job)) continue;
    if (job->split && outbox_.too_large(job->ticket, now)) {
      if (split(*job, Outbox::Cut::kUnsent, now)) continue;
      outbox_.uncuttable(job->ticket);
      job->split = nullptr;
    }
    send(*job);
  }
  if (auto job = outbox_.take_to_encode()) {
    encode(*job);
    wake();  // not all at once: answers may have come
  }
  schedule(ready);
}

void Uploader::schedule(bool ready) {
  auto when = ready ? outbox_.next_wake() : std::nullopt;
  if (credential_ && !outbox_.empty()) {
    if (const auto other = credential_->next_wake(); other && (!when || *other < *when)) {
      when = other;
    }
  }
  if (when) {
    const auto wait = *when - std::min(clock_(), *when);
    loop_->run_at(std::chrono::steady_clock::now() + wait, [this] { pump(); });
  } else {
    loop_->cancel_run_at();
  }
}

void Uploader::send(const Job& job) {
  const std::uint64_t generation = credential_ ? credential_->generation() : 0;
  const auto report = [this, job, generation, sent = clock_()](const http::Outcome& outcome) {
    const bool answered = outcome.kind == http::Outcome::Kind::kAnswered;
    const TimePoint now = clock_();
    if (answered && outcome.status == 401 && credential_) credential_->refused(generation, now);
    if (answered && outcome.status == 413 && job.split && split(job, Outbox::Cut::kRefused, now)) {
      return;
    }
    outbox_.complete(job.ticket, outcome, now, now - sent);
  };
  try {
    client_->post(path_of(job.kind), job.body, [this, report](const http::Outcome& outcome) {
      report(outcome);
      pump();
    });
  } catch (const std::exception& error) {
    report({http::Outcome::Kind::kBroken, 0, std::nullopt, error.what()});
  }
}

bool Uploader::split(const Job& job, Outbox::Cut cut, TimePoint now) {
  try {
    auto parts = job.split(*job.body);
    return parts && outbox_.replace(job.ticket, std::move(*parts), cut, now);
  } catch (const std::exception&) {  // no memory: refused, then
    return false;
  }
}

bool Uploader::encode(Job& job) {
  std::string why = "no memory";
  try {
    Result<std::string> body = job.encode();
    job.encode = nullptr;  // releases the block
    if (body) {
      if (body->capacity() > body->size() + body->size() / 4) body->shrink_to_fit();
      job.body = std::make_shared<const std::string>(std::move(*body));
      outbox_.encoded(job.ticket, job.body);
      return true;
    }
    why = body.error().message();
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "unknown exception";
  }
  outbox_.unencodable(job.ticket, why);
  return false;
}

void Uploader::stop(TimePoint deadline) {
  const std::lock_guard lock(stop_mutex_);
  if (!loop_) return;
  outbox_.close();
  if (credential_) loop_->post([credential = credential_] { credential->hurry(); });
  wake();
  outbox_.wait_empty(deadline);
  outbox_.expire();
  loop_->stop();
  client_->stop_resolver(deadline);
  if (credential_) credential_->stop(deadline);
  client_.reset();
  credential_.reset();
  const std::lock_guard loop_lock(loop_mutex_);
  loop_.reset();
}

}  // namespace micromegas::upload
