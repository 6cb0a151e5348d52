// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/span_tree.h"

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {

const SpanTree::Scope* SpanTree::intern(const SpanEventRow& row) {
  Scope scope{row.name, row.target, row.file, row.line};
  return &scopes_.try_emplace(std::move(scope), 0).first->first;
}

std::size_t SpanTree::new_node(const Scope* scope, std::int64_t id, std::int64_t begin, bool open) {
  Node node;
  node.scope = scope;
  node.id = id;
  node.begin = begin;
  node.end = end_time_;
  node.open = open;
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

void SpanTree::append_child(std::size_t parent, std::size_t child) {
  Node& node = nodes_[parent];
  if (node.last_child == kNone) {
    node.first_child = child;
  } else {
    nodes_[node.last_child].next_sibling = child;
  }
  node.last_child = child;
}

void SpanTree::add_child_to_top(std::size_t child) {
  if (stack_.empty()) stack_.push_back(new_node(nullptr, 0, begin_time_, false));
  append_child(stack_.back(), child);
}

void SpanTree::add(const SpanEventRow& row) {
  if (!error_.empty() || row.is_async || row.time < begin_time_ || row.time > end_time_) return;
  const Scope* const scope = intern(row);
  if (row.is_begin) {
    stack_.push_back(new_node(scope, row.event_id, row.time, true));
  } else {
    close(row, scope);
  }
}

void SpanTree::close(const SpanEventRow& row, const Scope* scope) {
  std::size_t closed = kNone;
  if (!stack_.empty() && nodes_[stack_.back()].scope == scope) {
    closed = stack_.back();
    stack_.pop_back();
  } else if (stack_.empty() || nodes_[stack_.back()].scope == nullptr) {
    // Its begin lies before the chain: what is complete so far lies within it.
    closed = new_node(scope, row.event_id, begin_time_, false);
    if (!stack_.empty()) {
      nodes_[closed].first_child = nodes_[stack_.back()].first_child;
      nodes_[closed].last_child = nodes_[stack_.back()].last_child;
      stack_.pop_back();
    }
  } else {
    error_ = "event " + std::to_string(row.event_id) + " ends span " + quoted(row.name) + ", but " +
             quoted(std::get<0>(*nodes_[stack_.back()].scope)) + " is open";
    return;
  }
  Node& node = nodes_[closed];
  node.end = row.time;
  node.open = false;
  for (const Property& property : row.properties) {
    node.properties.emplace_back(property.name, property.value);
  }
  add_child_to_top(closed);
}

Result<std::vector<ThreadSpan>> SpanTree::finish() {
  std::vector<ThreadSpan> spans;
  for (std::size_t i = stack_.size(); i > 1; --i) append_child(stack_[i - 2], stack_[i - 1]);
  struct Visit {
    std::size_t node;
    std::uint32_t depth;
  };
  std::vector<Visit> pending;
  if (!stack_.empty()) pending.push_back({stack_.front(), 0});
  while (!pending.empty()) {
    const Visit visit = pending.back();
    pending.pop_back();
    Node& node = nodes_[visit.node];
    // The sibling waits while the children are visited.
    if (node.next_sibling != kNone) pending.push_back({node.next_sibling, visit.depth});
    if (node.first_child != kNone) pending.push_back({node.first_child, visit.depth + 1});
    if (node.scope == nullptr) continue;
    const auto& [name, target, file, line] = *node.scope;
    spans.push_back({node.id, visit.depth, name, target, file, line, node.begin, node.end,
                     node.open, std::move(node.properties)});
  }
  nodes_.clear();
  stack_.clear();
  if (!error_.empty()) {
    Error error(std::move(error_));
    error_.clear();
    return error;
  }
  return spans;
}

}  // namespace micromegas::wire
