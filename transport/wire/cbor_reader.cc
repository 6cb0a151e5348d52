// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/cbor_reader.h"

#include <array>
#include <limits>

#include "micromegas/transport/wire/utf8.h"

namespace micromegas::wire {
namespace {

constexpr unsigned kIndefinite = 31;
constexpr unsigned char kBreak = 0xff;

}  // namespace

bool CborReader::fail(std::string_view what) {
  if (error_.empty()) error_ = "byte " + std::to_string(item_at_) + ": " + std::string(what);
  return false;
}

bool CborReader::fail_in(std::string_view key) {
  fail("bad value");
  error_.append(", in '").append(key).append("'");
  return false;
}

bool CborReader::head(Head& head) {
  if (!ok()) return false;
  do {
    item_at_ = at_;
    if (at_ >= bytes_.size()) return fail("the body ends where an item should start");
    const auto first = static_cast<unsigned char>(bytes_[at_++]);
    head.major = first >> 5;
    head.info = first & 31U;
    head.argument = head.info;
    if (head.info < 24) continue;
    if (head.info == kIndefinite) {
      const bool allowed = head.major >= 2 && head.major != 6;
      if (!allowed) return fail("not CBOR");
      continue;
    }
    if (head.info > 27) return fail("not CBOR");
    const std::size_t size = std::size_t{1} << (head.info - 24);
    if (bytes_.size() - at_ < size) return fail("the body ends inside an item");
    head.argument = 0;
    for (std::size_t i = 0; i < size; ++i) {
      head.argument = head.argument << 8 | static_cast<unsigned char>(bytes_[at_++]);
    }
  } while (head.major == 6);  // a tag: its item follows
  return true;
}

bool CborReader::enter(unsigned major, std::string_view what, Container& container) {
  Head first;
  if (!head(first)) return false;
  if (first.major != major) return fail("expected " + std::string(what));
  container.definite = first.info != kIndefinite;
  container.left = first.argument;
  return true;
}

bool CborReader::more(Container& container) {
  if (!ok()) return false;
  if (container.definite) {
    if (container.left == 0) return false;
    --container.left;
    return true;
  }
  if (at_ < bytes_.size() && static_cast<unsigned char>(bytes_[at_]) == kBreak) {
    ++at_;
    return false;
  }
  return true;  // a body that ends here fails at the next item
}

bool CborReader::take(std::uint64_t size, std::string_view& bytes) {
  if (size > bytes_.size() - at_) return fail("the body ends inside a string");
  bytes = bytes_.substr(at_, static_cast<std::size_t>(size));
  at_ += static_cast<std::size_t>(size);
  return true;
}

bool CborReader::string(unsigned major, const Head& first, std::string_view& bytes,
                        std::string& scratch) {
  if (first.info != kIndefinite) return take(first.argument, bytes);
  scratch.clear();
  Container pieces{false, 0};
  while (more(pieces)) {
    Head piece;
    if (!head(piece)) return false;
    if (piece.major != major || piece.info == kIndefinite) return fail("bad piece of a string");
    std::string_view part;
    if (!take(piece.argument, part)) return false;
    if (major == 3 && !is_valid_utf8(part)) return fail("text is not UTF-8");
    scratch.append(part);
  }
  bytes = scratch;
  return ok();
}

bool CborReader::text(std::string_view& text, std::string& scratch) {
  Head first;
  if (!head(first)) return false;
  return text_after(first, text, scratch);
}

bool CborReader::text_after(const Head& first, std::string_view& text, std::string& scratch) {
  if (first.major != 3) return fail("expected text");
  if (!string(3, first, text, scratch)) return false;
  return is_valid_utf8(text) || fail("text is not UTF-8");
}

bool CborReader::key(std::string_view& key, std::string& scratch) {
  Head first;
  if (!head(first)) return false;
  if (first.major == 2) return fail("a key is a byte string");
  return text_after(first, key, scratch);
}

bool CborReader::text(std::string& text) {
  std::string scratch;
  std::string_view view;
  if (!this->text(view, scratch)) return false;
  text.assign(view);
  return true;
}

bool CborReader::byte_array(const Head& first, std::string& out) {
  out.clear();
  Container array{first.info != kIndefinite, first.argument};
  while (more(array)) {
    Head item;
    if (!head(item)) return false;
    if (item.major != 0 || item.argument > 255) return fail("expected a byte, 0 to 255");
    out.push_back(static_cast<char>(item.argument));
  }
  return ok();
}

bool CborReader::bytes(std::string_view& bytes, std::string& scratch) {
  Head first;
  if (!head(first)) return false;
  if (first.major == 2) return string(2, first, bytes, scratch);
  if (first.major != 4) return fail("expected bytes");
  if (!byte_array(first, scratch)) return false;
  bytes = scratch;
  return true;
}

bool CborReader::integer(std::int64_t& value) {
  Head item;
  if (!head(item)) return false;
  if (item.major > 1) return fail("expected an integer");
  if (item.argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail("integer out of range");
  }
  value = static_cast<std::int64_t>(item.argument);
  if (item.major == 1) value = -1 - value;
  return true;
}

bool CborReader::unsigned_integer(std::uint64_t& value) {
  Head item;
  if (!head(item)) return false;
  if (item.major != 0) return fail("expected an unsigned integer");
  value = item.argument;
  return true;
}

bool CborReader::boolean(bool& value) {
  Head item;
  if (!head(item)) return false;
  if (item.major != 7 || (item.info != 20 && item.info != 21)) {
    return fail("expected true or false");
  }
  value = item.info == 21;
  return true;
}

bool CborReader::take_null() {
  if (!ok() || at_ >= bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != 0xf6) {
    return false;
  }
  ++at_;
  return true;
}

bool CborReader::skip() {
  std::array<Container, kMaxDepth> open;  // in items: a map's entry is two
  std::size_t depth = 0;
  std::string scratch;
  for (;;) {
    Head item;
    if (!head(item)) return false;
    std::string_view ignored;
    switch (item.major) {
      case 2:
      case 3:
        if (!string(item.major, item, ignored, scratch)) return false;
        break;
      case 4:
      case 5: {
        if (depth == kMaxDepth) return fail("nested too deeply");
        const std::uint64_t per_entry = item.major == 5 ? 2 : 1;
        if (item.argument > std::numeric_limits<std::uint64_t>::max() / per_entry) {
          return fail("the body ends inside an item");
        }
        open[depth++] = {item.info != kIndefinite, item.argument * per_entry};
        break;
      }
      case 7:
        if (item.info == kIndefinite) return fail("not CBOR");  // an end of nothing
        break;
      default:
        break;
    }
    while (depth > 0 && !more(open[depth - 1])) {
      if (!ok()) return false;
      --depth;
    }
    if (depth == 0) return true;
  }
}

}  // namespace micromegas::wire
