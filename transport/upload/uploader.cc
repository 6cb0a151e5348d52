// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/upload/uploader.h"

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

Uploader::Uploader(OutboxOptions outbox, http::ClientOptions client)
    : outbox_(std::move(outbox)),
      loop_(std::make_unique<http::Loop>()),
      client_(std::make_unique<http::Client>(*loop_, std::move(client))) {}

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
  while (auto job = outbox_.take(std::chrono::steady_clock::now())) {
    if (!job->body && !encode(*job)) continue;
    send(*job);
  }
  if (auto job = outbox_.take_to_encode()) {
    encode(*job);
    wake();  // not all at once: answers may have come
  }
  if (const auto when = outbox_.next_wake()) {
    loop_->run_at(*when, [this] { pump(); });
  } else {
    loop_->cancel_run_at();
  }
}

void Uploader::send(const Job& job) {
  const auto report = [this, ticket = job.ticket](const http::Outcome& outcome) {
    outbox_.complete(ticket, outcome, std::chrono::steady_clock::now());
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
  wake();
  outbox_.wait_empty(deadline);
  outbox_.expire();
  loop_->stop();
  client_->stop_resolver(deadline);
  client_.reset();
  const std::lock_guard loop_lock(loop_mutex_);
  loop_.reset();
}

}  // namespace micromegas::upload
