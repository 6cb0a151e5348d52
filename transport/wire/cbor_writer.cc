// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/wire/cbor_writer.h"

namespace micromegas::wire {

void CborWriter::head(unsigned major, std::uint64_t argument) {
  const unsigned top = major << 5;
  int bytes = 0;
  if (argument < 24) {
    out_.push_back(static_cast<char>(top | argument));
    return;
  }
  if (argument <= 0xff) {
    out_.push_back(static_cast<char>(top | 24));
    bytes = 1;
  } else if (argument <= 0xffff) {
    out_.push_back(static_cast<char>(top | 25));
    bytes = 2;
  } else if (argument <= 0xffffffff) {
    out_.push_back(static_cast<char>(top | 26));
    bytes = 4;
  } else {
    out_.push_back(static_cast<char>(top | 27));
    bytes = 8;
  }
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out_.push_back(static_cast<char>(argument >> shift));
  }
}

void CborWriter::text(std::string_view text) {
  head(3, text.size());
  out_.append(text);
}

void CborWriter::bytes(std::string_view bytes) {
  head(2, bytes.size());
  out_.append(bytes);
}

void CborWriter::integer(std::int64_t value) {
  if (value >= 0) {
    head(0, static_cast<std::uint64_t>(value));
  } else {
    head(1, ~static_cast<std::uint64_t>(value));  // -1 - value, without overflow
  }
}

}  // namespace micromegas::wire
