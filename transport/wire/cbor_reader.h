// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Reads CBOR (RFC 8949) item by item from memory that nobody vouches for: no recursion, no
// allocation by announced sizes, tags skipped, definite and indefinite lengths alike. The first
// error sticks; after it every call returns false.
//
//   CborReader reader(body);
//   CborReader::Container map;
//   if (reader.enter_map(map)) {
//     while (reader.more(map)) { reader.text(key, scratch); reader.skip(); }
//   }
//   if (!reader.ok()) return Error(reader.error());
#ifndef MICROMEGAS_TRANSPORT_WIRE_CBOR_READER_H_
#define MICROMEGAS_TRANSPORT_WIRE_CBOR_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace micromegas::wire {

class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : bytes_(bytes) {}

  struct Container {
    bool definite = true;
    std::uint64_t left = 0;  // entries, if definite
  };
  bool enter_map(Container& map) { return enter(5, "a map", map); }
  bool enter_array(Container& array) { return enter(4, "an array", array); }
  // Whether another entry follows; false at the end and after an error.
  bool more(Container& container);

  // `text` refers to the input, or to `scratch` if it came in pieces. Must be valid UTF-8.
  bool text(std::string_view& text, std::string& scratch);
  bool text(std::string& text);
  // The text that a map's key must be.
  bool key(std::string_view& key, std::string& scratch);
  // A byte string, or the array of small integers that old clients send.
  bool bytes(std::string_view& bytes, std::string& scratch);
  bool integer(std::int64_t& value);
  bool unsigned_integer(std::uint64_t& value);
  bool boolean(bool& value);
  // Consumes a null if there is one.
  bool take_null();
  // Passes over one item of any kind.
  bool skip();

  bool fail(std::string_view what);  // always false
  // Adds to the error where it happened; always false.
  bool fail_in(std::string_view key);
  [[nodiscard]] bool ok() const noexcept { return error_.empty(); }
  // "byte 12: expected text"
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  static constexpr std::size_t kMaxDepth = 64;  // of what is passed over

  struct Head {
    unsigned major = 0;
    unsigned info = 0;  // 31: indefinite length, or the end of it
    std::uint64_t argument = 0;
  };
  bool head(Head& head);  // past tags
  bool enter(unsigned major, std::string_view what, Container& container);
  bool take(std::uint64_t size, std::string_view& bytes);
  bool text_after(const Head& first, std::string_view& text, std::string& scratch);
  bool string(unsigned major, const Head& first, std::string_view& bytes, std::string& scratch);
  bool byte_array(const Head& first, std::string& out);

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t item_at_ = 0;  // where the item that is being read starts
  std::string error_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_CBOR_READER_H_
