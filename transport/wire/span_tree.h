// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Thread spans out of their begin and end events, as the official thread_spans view builds them
// from a chain of blocks of one stream.
//
//   wire::SpanTree tree(first_block_begin, last_block_end);
//   ... for_each_span_event(..., [&](const wire::SpanEventRow& row) { tree.add(row); });
//   auto spans = tree.finish();
#ifndef MICROMEGAS_TRANSPORT_WIRE_SPAN_TREE_H_
#define MICROMEGAS_TRANSPORT_WIRE_SPAN_TREE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "micromegas/platform/result.h"
#include "micromegas/transport/wire/rows.h"

namespace micromegas::wire {

struct ThreadSpan {
  std::int64_t id = 0;      // the begin's event id; the end's if the begin lies before the chain
  std::uint32_t depth = 0;  // 1 for an outermost span that ended, as the view counts
  std::string_view name;    // strings belong to the tree
  std::string_view target;
  std::string_view file;
  std::uint32_t line = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool open = false;  // no end was seen: it is the chain's
  std::vector<std::pair<std::string, std::string>> properties;
};

class SpanTree {
 public:
  // Bounds of the chain, nanoseconds since the epoch. Events before are skipped, after are refused.
  SpanTree(std::int64_t begin_time, std::int64_t end_time)
      : begin_time_(begin_time), end_time_(end_time) {}
  SpanTree(const SpanTree&) = delete;
  SpanTree& operator=(const SpanTree&) = delete;

  // Events in order; asynchronous ones are ignored. An end that does not match the innermost open
  // span is an error, remembered until finish(): the view fails as a whole then.
  void add(const SpanEventRow& row);

  // The spans, parents before children. Leaves the tree empty; its strings stay.
  Result<std::vector<ThreadSpan>> finish();

 private:
  using Scope = std::tuple<std::string, std::string, std::string, std::uint32_t>;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  struct Node {
    const Scope* scope = nullptr;  // null: the root that holds several outermost spans
    std::int64_t id = 0;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    bool open = false;
    std::size_t first_child = kNone;
    std::size_t last_child = kNone;
    std::size_t next_sibling = kNone;
    std::vector<std::pair<std::string, std::string>> properties;
  };

  const Scope* intern(const SpanEventRow& row);
  void close(const SpanEventRow& row, const Scope* scope);
  void append_child(std::size_t parent, std::size_t child);
  void add_child_to_top(std::size_t child);
  std::size_t new_node(const Scope* scope, std::int64_t id, std::int64_t begin, bool open);

  std::int64_t begin_time_;
  std::int64_t end_time_;
  std::map<Scope, char> scopes_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> stack_;
  std::string error_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_SPAN_TREE_H_
