// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Writes CBOR (RFC 8949), definite lengths and the shortest heads only. The caller opens a map or
// array with the number of entries that follow.
#ifndef MICROMEGAS_TRANSPORT_WIRE_CBOR_WRITER_H_
#define MICROMEGAS_TRANSPORT_WIRE_CBOR_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace micromegas::wire {

class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  void map(std::size_t entries) { head(5, entries); }
  void array(std::size_t entries) { head(4, entries); }
  // `text` must be valid UTF-8.
  void text(std::string_view text);
  void bytes(std::string_view bytes);
  void integer(std::int64_t value);
  void boolean(bool value) { out_.push_back(value ? '\xf5' : '\xf4'); }
  void null() { out_.push_back('\xf6'); }

 private:
  void head(unsigned major, std::uint64_t argument);

  std::string& out_;
};

}  // namespace micromegas::wire

#endif  // MICROMEGAS_TRANSPORT_WIRE_CBOR_WRITER_H_
