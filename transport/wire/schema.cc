// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/schema.h"

#include <algorithm>

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

struct Scalar {
  std::string_view name;
  FieldPlan::Kind kind;
  std::uint64_t size;
};

constexpr Scalar kScalars[] = {
    {"u8", FieldPlan::Kind::kU8, 1},   {"uint8", FieldPlan::Kind::kU8, 1},
    {"u32", FieldPlan::Kind::kU32, 4}, {"uint32", FieldPlan::Kind::kU32, 4},
    {"u64", FieldPlan::Kind::kU64, 8}, {"uint64", FieldPlan::Kind::kU64, 8},
    {"i64", FieldPlan::Kind::kI64, 8}, {"int64", FieldPlan::Kind::kI64, 8},
    {"f64", FieldPlan::Kind::kF64, 8},
};

bool fits(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) noexcept {
  return offset <= whole && size <= whole - offset;
}

}  // namespace

std::size_t Schema::index_of(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::find_if(types_.begin(), types_.end(),
                   [name](const Udt& type) { return type.name == name; }) -
      types_.begin());
}

const RecordPlan& Schema::plan(std::size_t index) {
  if (!plans_[index].ready) compile(index, 1);
  return plans_[index].plan;
}

const RecordPlan* Schema::plan(std::string_view name) {
  const std::size_t index = index_of(name);
  return index < types_.size() ? &plan(index) : nullptr;
}

void Schema::compile(std::size_t index, std::size_t depth) {
  Entry& entry = plans_[index];
  const Udt& type = types_[index];
  RecordPlan& plan = entry.plan;
  plan.name = type.name;
  plan.size = type.size;
  entry.busy = true;
  for (const UdtMember& member : type.members) {
    compile_member(member, plan, depth);
    if (!plan.error.empty()) break;
    if (plan.values > kMaxValues || plan.depth > kMaxDepth) {
      plan.error = "more values in a record than this decoder reads";
      break;
    }
  }
  if (plan.error.empty() && type.is_reference) {
    const auto id = std::find_if(plan.fields.begin(), plan.fields.end(),
                                 [](const FieldPlan& field) { return field.name == "id"; });
    if (id == plan.fields.end()) {
      plan.error = "a reference type without a member 'id'";
    } else {
      plan.collapses = true;
      plan.id_field = static_cast<std::size_t>(id - plan.fields.begin());
    }
  }
  if (!plan.error.empty()) plan.error = "type " + quoted(type.name) + ": " + plan.error;
  entry.busy = false;
  entry.ready = true;
}

void Schema::compile_member(const UdtMember& member, RecordPlan& plan, std::size_t depth) {
  const auto fail = [&](std::string_view why) {
    plan.error = "member " + quoted(member.name) + " " + std::string(why);
  };
  if (!fits(member.offset, member.size, plan.size)) return fail("lies outside of its record");
  FieldPlan field{member.name, FieldPlan::Kind::kReference, member.offset, nullptr};
  if (member.is_reference) {
    if (member.size < 8) return fail("is a reference of less than 8 bytes");
    plan.fields.push_back(field);
    ++plan.values;
    return;
  }
  for (const Scalar& scalar : kScalars) {
    if (member.type_name != scalar.name) continue;
    if (member.size != scalar.size) return fail("does not have the size of its type");
    field.kind = scalar.kind;
    plan.fields.push_back(field);
    ++plan.values;
    return;
  }
  const std::size_t index = index_of(member.type_name);
  if (index == types_.size()) return fail("has the unknown type " + quoted(member.type_name));
  if (plans_[index].busy) return fail("has the type of a record that contains it");
  if (depth >= kMaxDepth) return fail("is nested too deeply");
  if (!plans_[index].ready) compile(index, depth + 1);
  const RecordPlan& nested = plans_[index].plan;
  if (!nested.error.empty()) return fail("cannot be read: " + nested.error);
  if (nested.size > member.size) return fail("is smaller than its type");
  field.kind = FieldPlan::Kind::kRecord;
  field.record = &nested;
  // The common case, a string's id in a struct of its own, is a plain reference.
  if (nested.collapses && nested.fields.size() == 1) {
    field = nested.fields.front();
    field.name = member.name;
    field.offset += member.offset;
  }
  plan.fields.push_back(field);
  plan.values += 1 + nested.values;
  plan.depth = std::max(plan.depth, nested.depth + 1);
}

}  // namespace micromegas::wire
