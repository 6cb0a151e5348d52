// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/conformance/mutate.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <utility>

#include "micromegas/tests/conformance/own_blocks.h"
#include "micromegas/tests/wire/vectors.h"
#include "micromegas/transport/wire/decode.h"

namespace micromegas::conformance {
namespace {

// A block and its stream, as sent and taken apart.
struct Base {
  std::string name;
  std::string stream_body;
  std::string block_body;
  wire::DecodedBlock block;
};

std::vector<Base> captured_blocks() {
  std::map<std::string, std::string> streams;  // bodies by stream id
  for (const auto& capture : wire::testing::captures()) {
    if (capture.file.find("stream") == std::string::npos) continue;
    streams[wire::decode_stream(capture.body).value().stream_id.to_string()] = capture.body;
  }
  std::vector<Base> bases;
  for (const auto& capture : wire::testing::captures()) {
    if (capture.file.find("block") == std::string::npos) continue;
    wire::DecodedBlock block = wire::decode_block(capture.body).value();
    const std::string& stream = streams.at(block.stream_id.to_string());
    bases.push_back({capture.file, stream, capture.body, std::move(block)});
  }
  return bases;
}

std::vector<Base> all_blocks() {
  std::vector<Base> bases = captured_blocks();
  for (const OwnBlock& own : own_blocks()) {
    bases.push_back(
        {own.name, own.stream_body, own.block_body, wire::decode_block(own.block_body).value()});
  }
  return bases;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  void mutate(std::string& bytes) {
    const std::string before = bytes;
    while (bytes == before) {  // a word may have been copied onto itself
      for (std::size_t n = below(4) == 0 ? 1 + below(4) : 1; n > 0; --n) once(bytes);
    }
  }

 private:
  void once(std::string& bytes) {
    if (bytes.empty()) return bytes.push_back(static_cast<char>(random_()));
    const std::size_t at = below(bytes.size());
    switch (below(9)) {
      case 0:  // a bit
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        return;
      case 1:
        bytes[at] = static_cast<char>(random_());
        return;
      case 2:  // a number that is off by one
        bytes[at] = static_cast<char>(bytes[at] + (below(2) == 0 ? 1 : -1));
        return;
      case 3:  // an id, a time, a value from elsewhere
        return copy_within(bytes, 8);
      case 4:
        return copy_within(bytes, 4);
      case 5: {  // a length or id at one of its bounds
        constexpr std::uint64_t kBounds[] = {0, 1, 0x7fff'ffff, 0xffff'ffff, ~std::uint64_t{0}};
        const std::uint64_t bound = kBounds[below(5)];
        const std::size_t size = below(2) == 0 ? 4 : 8;
        if (bytes.size() >= size) std::memcpy(&bytes[below(bytes.size() - size + 1)], &bound, size);
        return;
      }
      case 6:
        bytes.erase(at, 1 + below(16));
        return;
      case 7:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(32)));
        return;
      default:  // cut, but not as often as the others: what is cut is refused
        return below(4) == 0 ? bytes.resize(at) : void(bytes[at] = '\0');
    }
  }

  void copy_within(std::string& bytes, std::size_t size) {
    if (bytes.size() < size) return;
    const std::string word = bytes.substr(below(bytes.size() - size + 1), size);
    bytes.replace(below(bytes.size() - size + 1), size, word);
  }

  std::mt19937_64 random_;  // the standard fixes its numbers, not those of the distributions
};

void put(std::ofstream& out, const std::string& bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  out.write(reinterpret_cast<const char*>(&size), 4);
  out << bytes;
}

std::string with_length(const std::string& bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string out(4, '\0');
  std::memcpy(out.data(), &size, 4);
  return out + bytes;
}

// `count` changes of one block: mostly of its records, some of the body around them, a few of its
// stream.
void add_cases(const Base& base, int count, Mutator& mutator, std::vector<Case>& cases) {
  const Case stream{'s', false, base.name + "'s stream", base.stream_body, {}, {}};
  const Case records{'r', false, base.name, {}, base.block.dependencies, base.block.objects};
  cases.push_back(stream);
  cases.push_back(records);
  cases.push_back({'b', false, base.name, base.block_body, {}, {}});
  for (int i = 0; i < count; ++i) {
    Case one = records;
    const std::size_t what = mutator.below(20);
    if (what < 8) {
      mutator.mutate(one.dependencies);
    } else if (what < 15) {
      mutator.mutate(one.objects);
    } else if (what < 19) {
      one = {'b', false, base.name, base.block_body, {}, {}};
      mutator.mutate(one.body);
    }
    one.mutated = true;
    one.repeated = what == 19;
    one.name += " #" + std::to_string(i) + (one.kind == 'b' ? " (body)" : "");
    if (what == 19) {  // unchanged records under a changed layout
      Case layout = stream;
      mutator.mutate(layout.body);
      layout.mutated = true;
      layout.name += " #" + std::to_string(i);
      cases.push_back(layout);
      cases.push_back(one);
      cases.push_back(stream);
    } else {
      cases.push_back(one);
    }
  }
}

}  // namespace

std::vector<Case> make_cases(int count) {
  Mutator mutator(20'260'827);
  std::vector<Case> cases;
  const std::vector<Base> bases = all_blocks();
  // A block with large texts costs more than it tells.
  std::size_t shares = 0;
  const auto shares_of = [](const Base& base) {
    return base.block_body.size() > 20'000 || base.block.objects.size() > 20'000 ? 1U : 20U;
  };
  for (const Base& base : bases) shares += shares_of(base);
  const auto share = static_cast<std::size_t>(count) / shares + 1;
  for (const Base& base : bases) {
    add_cases(base, static_cast<int>(share * shares_of(base)), mutator, cases);
  }
  return cases;
}

void write_cases(const std::vector<Case>& cases, const std::string& file) {
  std::ofstream out(file, std::ios::binary);
  for (const Case& c : cases) {
    out.put(c.kind);
    put(out, c.kind == 'r' ? with_length(c.dependencies) + c.objects : c.body);
  }
}

}  // namespace micromegas::conformance
