// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Everything that waits for the server, and the rules of what goes next. No socket, no thread and
// no clock in here: the uploader asks and reports, with the time as an argument.
//
//   hand-over side   add_process, announce_stream, add_block, end_stream    flush actor's thread
//   upload side      take, encoded, complete, next_wake                     upload thread
//   anybody          stats, wait_delivered
//
// All functions lock one mutex for moments; nothing is called and nothing is printed under it.
//
// The books: an entry is in entries_ from hand-over until it is acknowledged or dropped, whatever
// else is waiting for it. What is held is summed from there.
#ifndef MICROMEGAS_TRANSPORT_UPLOAD_OUTBOX_H_
#define MICROMEGAS_TRANSPORT_UPLOAD_OUTBOX_H_

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "micromegas/pipeline/sink/block.h"
#include "micromegas/pipeline/sink/stats.h"
#include "micromegas/platform/diagnostics.h"
#include "micromegas/platform/result.h"
#include "micromegas/platform/uuid.h"
#include "micromegas/transport/http/outcome.h"
#include "micromegas/transport/upload/backoff.h"
#include "micromegas/transport/upload/destination.h"
#include "micromegas/transport/upload/request_size.h"
#include "micromegas/transport/upload/stats.h"
#include "micromegas/transport/upload/verdict.h"

namespace micromegas::upload {

enum class RequestKind : std::uint8_t { kProcess, kStream, kBlock };

// Makes a body, once, on the upload thread. What it has captured is released afterwards.
using Encode = std::function<Result<std::string>()>;
using EventCounts = std::array<std::uint64_t, kEventKinds>;

// A part of a block whose body was too large.
struct Part {
  Uuid block_id;
  EventCounts events{};
  std::shared_ptr<const std::string> body;
};
// Cuts a body into parts that add up to it, on the upload thread. An error: it cannot be cut.
using Split = std::function<Result<std::vector<Part>>(const std::string& body)>;

struct BlockItem {
  StreamKind kind = StreamKind::kLog;
  Uuid process_id;
  Uuid stream_id;
  Uuid block_id;
  EventCounts events{};
  std::size_t bytes = 0;  // that `encode` keeps alive
  Encode encode;
  Split split;  // none: a block that is too large is refused
};

struct OutboxOptions {
  std::string destination;  // for messages
  std::size_t soft_bytes = std::size_t{128} << 20;
  std::size_t hard_bytes = std::size_t{256} << 20;
  // Kinds of which threads wait for room may fill the hard budget, and find it: the others get this
  // much of it.
  std::array<bool, kStreamKinds> waiting{};
  std::size_t open_bytes = SIZE_MAX;
  int max_in_flight = 3;
  // Of the bodies under way together; one may be larger than that, alone.
  std::size_t max_bytes_in_flight = std::size_t{16} << 20;
  std::chrono::milliseconds slow_answer{2500};  // a body that takes longer is too large
  BackoffOptions backoff;
  std::uint64_t seed = 0;  // of the jitter
  void (*say)(std::string_view key, std::string_view message) noexcept = diagnose;
};

// A request to make now.
struct Job {
  std::uint64_t ticket = 0;
  RequestKind kind = RequestKind::kBlock;
  std::shared_ptr<const std::string> body;  // null: encode first
  Encode encode;
  Split split;  // none: it goes as it is
};

class Outbox {
 public:
  explicit Outbox(OutboxOptions options);

  // --- hand-over. Each returns whether there may be something to send that was not there before.
  bool add_process(const Uuid& id, std::size_t bytes, Encode encode);
  // Kept until a block of the stream finds room, or its end. It counts as held, but takes no room
  // from blocks: only a block would take it away again.
  void announce_stream(const StreamInfo& stream, std::size_t bytes, Encode encode);
  bool add_block(BlockItem item);
  // No block of it follows.
  void end_stream(const Uuid& id);

  // --- upload.
  std::optional<Job> take(TimePoint now);
  // A block to encode although it cannot be sent now: a body takes a fraction of its block, so the
  // budget holds more of them. Only once the queue has some length.
  std::optional<Job> take_to_encode();
  void encoded(std::uint64_t ticket, std::shared_ptr<const std::string> body);
  // The request cannot be made at all: the block is dropped as kInvalid.
  void unencodable(std::uint64_t ticket, std::string_view why);
  // `took`: since it was sent.
  void complete(std::uint64_t ticket, const http::Outcome& outcome, TimePoint now,
                TimePoint::duration took);
  // In place of complete(): the parts take the block's place, after a 413 or before it is sent.
  // False, and nothing has happened, if they do not add up, if it has been cut too often, or if an
  // earlier try may have been stored: the parts have other ids, and their events would come twice.
  enum class Cut : std::uint8_t { kUnsent, kRefused };
  bool replace(std::uint64_t ticket, std::vector<Part> parts, Cut cut, TimePoint now);
  // Whether a body had better be cut before it is sent.
  [[nodiscard]] bool too_large(std::uint64_t ticket, TimePoint now);
  // It cannot be: it goes as it is from now on.
  void uncuttable(std::uint64_t ticket);
  [[nodiscard]] std::size_t largest_body() const;
  // Nothing can be sent for want of a credential. Said once until a request succeeds. `hopeless`:
  // wait_empty() need not wait.
  void no_credential(const std::string& why, bool hopeless);
  // When take() will have something, unless something happens before; nothing if only that helps.
  [[nodiscard]] std::optional<TimePoint> next_wake() const;

  // --- stop.
  // From now on blocks are dropped as kStopped, and nothing waits for its next try.
  void close();
  // False at the deadline, or when nothing will change before it.
  bool wait_empty(TimePoint deadline);
  // Drops what is left as kDeadline, and says so.
  void expire();

  // --- anybody.
  // How many drops finished calls of wait_delivered() have told.
  [[nodiscard]] std::uint64_t told_drops() const;
  // Waits until nothing of what has been handed over before is held. False at the deadline, or if
  // there are drops beyond `told`: what told_drops() was before the hand-over that the caller waits
  // for. So of several that wait at the same time each is told, and one that comes later is not.
  bool wait_delivered(TimePoint deadline, std::uint64_t told);
  [[nodiscard]] UploadStats stats() const;
  [[nodiscard]] std::size_t bytes_held() const;  // of what the budgets limit
  [[nodiscard]] bool empty() const;

 private:
  // In the order of sending. A thread's stream is announced with its spans, not with the metadata:
  // ten thousand new threads must not stand before one log.
  enum Lane : std::uint8_t { kMetadata, kLogs, kMetrics, kTraceMetadata, kTraces, kLanes };

  // Between two hand-overs, so that the parts of a block stand in its place. One part takes half of
  // it: so a block is cut into this many at most.
  static constexpr std::uint64_t kTicketRoom = 256;

  struct Entry {
    RequestKind kind = RequestKind::kBlock;
    Lane lane = kMetadata;
    bool in_flight = false;
    Uuid id;  // of the process, stream or block
    EventCounts events{};
    std::size_t bytes = 0;
    std::size_t bytes_in_flight = 0;
    Encode encode;
    Split split;
    std::shared_ptr<const std::string> body;
    std::uint64_t room = kTicketRoom;  // tickets from its own on, for its parts
    std::uint64_t period = 0;          // of the destination, when it left
    bool may_be_stored = false;        // by a try whose answer was lost or a 5xx
    bool asks = false;                 // RequestSize::Advice::kAsk
    int tries = 0;
    int suspicions = 0;                  // failures that may be its own doing
    int lonely_failures = 0;             // 5xx between which others succeeded
    std::uint64_t successes_before = 0;  // of all requests, at the last 5xx
    TimePoint due;                       // where it is in delayed_
  };
  using Entries = std::map<std::uint64_t, Entry>;  // by ticket: the order of hand-over

  // A block's rows are joined with those of its process and stream, and a row that comes late is
  // seen late: so a block waits until both are acknowledged. No gate: acknowledged.
  struct Gate {
    enum class State { kDeferred, kPending, kRefused };
    State state = State::kPending;
    bool ended = false;  // nobody will ask for it any more
    std::vector<std::uint64_t> waiting;
    // While deferred:
    Uuid process_id;
    Lane lane = kMetadata;
    std::size_t bytes = 0;
    Encode encode;
  };
  using Gates = std::unordered_map<Uuid, Gate>;

  struct Message {
    std::string_view key;
    std::string text;
  };
  using Messages = std::vector<Message>;

  [[nodiscard]] std::size_t budget(StreamKind kind) const;
  std::uint64_t insert(Entry entry);
  void land(Entry& entry);
  void wait_at_or_ready(Gates& gates, const Uuid& gate, std::uint64_t ticket);
  void make_ready(std::uint64_t ticket);
  void release_due(TimePoint now);
  std::optional<std::uint64_t> pop_ready();
  [[nodiscard]] bool has_room(const Entry& entry) const;
  void open_gate(Gates& gates, const Uuid& id);
  void refuse_gate(Gates& gates, const Uuid& id, DropReason reason);
  static bool refused(const Gates& gates, const Uuid& id);
  void announce_now(const Uuid& id, Gate& gate);
  Gates::iterator forget_stream(Gates::iterator it);
  void accept(Entries::iterator it);
  void drop(Entries::iterator it, DropReason reason);
  void forget(Entries::iterator it);
  void count_drop(const EventCounts& events, DropReason reason);
  void set_bytes(Entry& entry, std::size_t bytes);
  void fail(Entries::iterator it, Verdict verdict, const http::Outcome& outcome, TimePoint now,
            Messages& messages);
  void refuse(Entries::iterator it, const http::Outcome& outcome, Messages& messages);
  [[nodiscard]] static bool may_be_cut(const Entry& entry);
  void server_is_there(Messages& messages);
  void complain(std::string_view key, std::string text, Messages& messages);
  void say(const Messages& messages) const;

  const OutboxOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable shrunk_;
  Destination destination_;
  Backoff backoff_;
  Entries entries_;
  // Suspicions, ticket: what fails comes after what does not.
  using Place = std::pair<int, std::uint64_t>;
  std::array<std::set<Place>, kLanes> ready_;
  std::multimap<TimePoint, std::uint64_t> delayed_;
  std::set<std::uint64_t> raw_;  // blocks that are not encoded yet
  Gates processes_;
  Gates streams_;
  std::uint64_t next_ticket_ = kTicketRoom;
  RequestSize size_;
  bool hopeless_ = false;
  int in_flight_ = 0;
  std::size_t bytes_in_flight_ = 0;
  std::size_t bytes_ = 0;           // of entries_: what the budgets limit
  std::size_t deferred_bytes_ = 0;  // of streams_ that are deferred
  bool closed_ = false;
  bool expired_ = false;
  std::string_view complaint_;  // the last one, until a request succeeds

  UploadStats done_;  // everything but what is held
  std::uint64_t successes_ = 0;
  std::uint64_t drops_ = 0;
  std::uint64_t told_drops_ = 0;
};

}  // namespace micromegas::upload

#endif  // MICROMEGAS_TRANSPORT_UPLOAD_OUTBOX_H_
