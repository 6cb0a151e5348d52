// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What goes next, and what its answer does.

#include <algorithm>
#include <utility>

#include "micromegas/transport/upload/outbox.h"

namespace micromegas::upload {
namespace {

// A block that makes the server fail this often while it takes others will not get better.
constexpr int kMaxLonelyFailures = 10;

std::string describe(const http::Outcome& outcome) {
  return outcome.kind == http::Outcome::Kind::kAnswered
             ? "answered with status " + std::to_string(outcome.status)
             : outcome.error;
}

}  // namespace

std::optional<Job> Outbox::take(TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (expired_ || in_flight_ >= destination_.allowed() || now < destination_.resume_at()) {
    return std::nullopt;
  }
  release_due(now);
  const auto ticket = pop_ready();
  if (!ticket) return std::nullopt;
  Entry& entry = entries_.at(*ticket);
  entry.in_flight = true;
  bytes_in_flight_ += entry.bytes_in_flight = entry.bytes;
  entry.period = destination_.period();
  ++in_flight_;
  ++done_.requests;
  if (entry.tries++ > 0) ++done_.retries;
  raw_.erase(*ticket);
  // Cutting is work, and would be done again at each try.
  const Split split = may_be_cut(entry) ? entry.split : Split{};
  return Job{*ticket, entry.kind, entry.body, std::move(entry.encode), split};
}

// The parts of what is stored already would come twice. What has asked whether the server takes
// more than it did is not stored if the answer is a 413 in the end: it was too large all the time.
bool Outbox::may_be_cut(const Entry& entry) { return !entry.may_be_stored || entry.asks; }

bool Outbox::has_room(const Entry& entry) const {
  return in_flight_ == 0 || bytes_in_flight_ + entry.bytes <= options_.max_bytes_in_flight;
}

std::optional<std::uint64_t> Outbox::pop_ready() {
  // What does not fit beside the others waits, and so does what is behind it: it would starve.
  const auto pop = [this](std::set<Place>& lane) -> std::optional<std::uint64_t> {
    const std::uint64_t ticket = lane.begin()->second;
    if (!has_room(entries_.at(ticket))) return std::nullopt;
    lane.erase(lane.begin());
    return ticket;
  };
  if (destination_.failures() > 0) {
    // The one request that finds out whether the server is back had better not be one that it
    // fails on.
    for (auto& lane : ready_) {
      if (!lane.empty() && lane.begin()->first == 0) return pop(lane);
    }
  }
  for (auto& lane : ready_) {
    if (!lane.empty()) return pop(lane);
  }
  return std::nullopt;
}

std::optional<Job> Outbox::take_to_encode() {
  const std::lock_guard lock(mutex_);
  if (raw_.empty() || bytes_ < options_.soft_bytes / 8) return std::nullopt;
  const std::uint64_t ticket = *raw_.begin();
  raw_.erase(raw_.begin());
  return Job{ticket, RequestKind::kBlock, nullptr, std::move(entries_.at(ticket).encode), {}};
}

void Outbox::release_due(TimePoint now) {
  const auto end = delayed_.upper_bound(now);
  for (auto it = delayed_.begin(); it != end; ++it) make_ready(it->second);
  delayed_.erase(delayed_.begin(), end);
}

std::optional<TimePoint> Outbox::next_wake() const {
  const std::lock_guard lock(mutex_);
  if (expired_ || in_flight_ >= destination_.allowed()) return std::nullopt;
  for (const auto& lane : ready_) {
    if (lane.empty()) continue;
    // For room, an answer wakes.
    if (!has_room(entries_.at(lane.begin()->second))) return std::nullopt;
    return destination_.resume_at();
  }
  if (delayed_.empty()) return std::nullopt;
  return std::max(destination_.resume_at(), delayed_.begin()->first);
}

void Outbox::encoded(std::uint64_t ticket, std::shared_ptr<const std::string> body) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(ticket);
  if (it == entries_.end()) return;
  set_bytes(it->second, body->capacity());
  if (it->second.in_flight) {
    bytes_in_flight_ += body->capacity() - it->second.bytes_in_flight;
    it->second.bytes_in_flight = body->capacity();
  }
  it->second.body = std::move(body);
}

void Outbox::unencodable(std::uint64_t ticket, std::string_view why) {
  Messages messages;
  {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(ticket);
    if (it == entries_.end()) return;
    Entry& entry = it->second;
    done_.last_error = "cannot encode: " + std::string(why);
    messages.push_back({"upload.encode", done_.last_error + "; dropped " + entry.id.to_string()});
    if (entry.kind != RequestKind::kBlock) ++done_.metadata_refused;
    if (entry.kind == RequestKind::kProcess)
      refuse_gate(processes_, entry.id, DropReason::kInvalid);
    if (entry.kind == RequestKind::kStream) refuse_gate(streams_, entry.id, DropReason::kInvalid);
    drop(it, DropReason::kInvalid);
  }
  say(messages);
}

void Outbox::complete(std::uint64_t ticket, const http::Outcome& outcome, TimePoint now,
                      TimePoint::duration took) {
  Messages messages;
  {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(ticket);
    if (it == entries_.end()) return;  // expired meanwhile
    land(it->second);
    const Verdict verdict = judge(outcome);
    const std::size_t bytes = it->second.body ? it->second.body->size() : 0;
    if (verdict == Verdict::kAccepted) size_.accepted(bytes, took);
    if (outcome.kind == http::Outcome::Kind::kTimeout && outcome.sent_some) size_.timed_out(bytes);
    if (outcome.status == 413 && it->second.kind == RequestKind::kBlock) size_.refused(bytes, now);
    if (verdict == Verdict::kAccepted || verdict == Verdict::kRefused) {
      server_is_there(messages);  // and does its work
    }
    switch (verdict) {
      case Verdict::kAccepted:
        accept(it);
        break;
      case Verdict::kRefused:
        refuse(it, outcome, messages);
        break;
      default:
        fail(it, verdict, outcome, now, messages);
    }
  }
  say(messages);
}

void Outbox::server_is_there(Messages& messages) {
  destination_.succeeded();
  if (!complaint_.empty()) {
    messages.push_back({"upload.recovered", "delivering to " + options_.destination + " again"});
  }
  complaint_ = {};
}

bool Outbox::replace(std::uint64_t ticket, std::vector<Part> parts, Cut cut, TimePoint now) {
  Messages messages;
  {
    const std::lock_guard lock(mutex_);
    const auto it = entries_.find(ticket);
    if (it == entries_.end()) return true;  // expired meanwhile
    Entry& whole = it->second;
    EventCounts sum{};
    for (const Part& part : parts) {
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) sum[kind] += part.events[kind];
    }
    if (!may_be_cut(whole) || parts.size() < 2 || sum != whole.events ||
        whole.room / parts.size() == 0)
      return false;
    land(whole);
    if (cut == Cut::kRefused) {
      if (whole.body) size_.refused(whole.body->size(), now);
      server_is_there(messages);
    } else {  // it was taken, and has not gone
      --done_.requests;
      if (whole.tries > 1) --done_.retries;
    }
    const std::uint64_t room = whole.room / parts.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      Entry entry;
      entry.lane = whole.lane;
      entry.id = parts[i].block_id;
      entry.events = parts[i].events;
      entry.split = whole.split;
      entry.room = room;
      const std::uint64_t place = ticket + i * room;
      const std::size_t bytes = parts[i].body->capacity();
      entry.body = std::move(parts[i].body);
      Entry& stored = i == 0 ? whole : entries_[place];
      bytes_ -= stored.bytes;
      stored = std::move(entry);
      stored.bytes = 0;
      set_bytes(stored, bytes);
      make_ready(place);
    }
  }
  say(messages);
  return true;
}

bool Outbox::too_large(std::uint64_t ticket, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(ticket);
  if (it == entries_.end() || !it->second.body || it->second.may_be_stored) return false;
  const RequestSize::Advice advice = size_.advise(it->second.body->size(), now);
  it->second.asks = advice == RequestSize::Advice::kAsk;
  return advice == RequestSize::Advice::kCut;
}

void Outbox::uncuttable(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(ticket);
  if (it != entries_.end()) it->second.split = nullptr;
}

std::size_t Outbox::largest_body() const {
  const std::lock_guard lock(mutex_);
  return size_.limit();
}

void Outbox::no_credential(const std::string& why, bool hopeless) {
  Messages messages;
  {
    const std::lock_guard lock(mutex_);
    hopeless_ = hopeless;
    if (hopeless) shrunk_.notify_all();
    if (why.empty()) return;
    done_.last_error = why;
    complain(hopeless ? "upload.no_credential" : "upload.credential",
             "no credential for " + options_.destination + ": " + why +
                 "; what fits the upload budget is kept",
             messages);
  }
  say(messages);
}

void Outbox::accept(Entries::iterator it) {
  ++successes_;
  Entry& entry = it->second;
  switch (entry.kind) {
    case RequestKind::kProcess:
      open_gate(processes_, entry.id);
      break;
    case RequestKind::kStream:
      open_gate(streams_, entry.id);
      break;
    case RequestKind::kBlock:
      ++done_.blocks_sent;
      done_.bytes_sent += entry.body ? entry.body->size() : 0;
      for (std::size_t kind = 0; kind < kEventKinds; ++kind) {
        done_.events[kind].delivered += entry.events[kind];
      }
      break;
  }
  forget(it);
}

void Outbox::refuse(Entries::iterator it, const http::Outcome& outcome, Messages& messages) {
  Entry& entry = it->second;
  done_.last_error = describe(outcome);
  std::string text = options_.destination + " refused ";
  const std::string status = "status " + std::to_string(outcome.status);
  if (entry.kind != RequestKind::kBlock) ++done_.metadata_refused;
  switch (entry.kind) {
    case RequestKind::kProcess:
      text += "process " + entry.id.to_string() + " (" + status + "): nothing of it will be sent";
      refuse_gate(processes_, entry.id, DropReason::kRefused);
      break;
    case RequestKind::kStream:
      text += "stream " + entry.id.to_string() + " (" + status + "): its blocks are dropped";
      refuse_gate(streams_, entry.id, DropReason::kRefused);
      break;
    case RequestKind::kBlock:
      text += "block " + entry.id.to_string() + " (" + status + "): dropped";
      break;
  }
  if (outcome.status == 413 && entry.kind == RequestKind::kBlock) {
    text += "; too large for the server or a proxy before it, and cannot be cut further";
  }
  if (outcome.status / 100 == 3) text += "; redirects are not followed: correct the url";
  messages.push_back({"upload.refused", std::move(text)});
  drop(it, DropReason::kRefused);
}

void Outbox::fail(Entries::iterator it, Verdict verdict, const http::Outcome& outcome,
                  TimePoint now, Messages& messages) {
  const std::uint64_t ticket = it->first;
  Entry& entry = it->second;
  done_.last_error = describe(outcome);
  destination_.failed(entry.period, outcome.retry_after, now);
  entry.may_be_stored = entry.may_be_stored || verdict == Verdict::kServerFailed ||
                        (outcome.sent_whole && outcome.kind != http::Outcome::Kind::kAnswered);

  const std::string& to = options_.destination;
  if (verdict == Verdict::kMisdirected && outcome.status == 401) {
    complain("upload.unauthorized",
             to +
                 " answers 401: the API key (api_key, MICROMEGAS_INGESTION_API_KEY) is missing, "
                 "wrong or not known yet; what fits the upload budget is kept until it is accepted",
             messages);
  } else if (verdict == Verdict::kMisdirected) {
    complain(
        "upload.not_found",
        to + " answers 404: no Micromegas ingestion server at this URL (url, "
             "MICROMEGAS_TELEMETRY_URL); what fits the upload budget is kept until there is one",
        messages);
  } else if (verdict == Verdict::kUnavailable || destination_.failures() > 2) {
    complain("upload.unavailable",
             "cannot deliver to " + to + ": " + done_.last_error +
                 "; trying again, what fits the upload budget is kept",
             messages);
  }

  // It may be the server or the network, or it is this request that makes them fail: others tell.
  if (verdict == Verdict::kServerFailed || outcome.kind == http::Outcome::Kind::kBroken ||
      outcome.kind == http::Outcome::Kind::kTimeout) {
    ++entry.suspicions;
  }
  if (verdict != Verdict::kServerFailed) return make_ready(ticket);

  if (entry.kind == RequestKind::kBlock) {
    if (successes_ != entry.successes_before) ++entry.lonely_failures;
    entry.successes_before = successes_;
    if (entry.lonely_failures >= kMaxLonelyFailures) {
      messages.push_back({"upload.refused", to + " fails on block " + entry.id.to_string() +
                                                " again and again (" + done_.last_error +
                                                ") while it takes others: dropped"});
      return drop(it, DropReason::kRefused);
    }
  }
  delayed_.emplace(now + destination_.wait_after(backoff_, entry.suspicions), ticket);
}

// Once per kind of trouble, until a request succeeds.
void Outbox::complain(std::string_view key, std::string text, Messages& messages) {
  if (complaint_ == key) return;
  complaint_ = key;
  messages.push_back({key, std::move(text)});
}

}  // namespace micromegas::upload
