// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Two decoders, one opinion: blocks of ours and of the official client, changed at random (the same
// way each time), are read by our decoder and by the official one. Both accept with equal content
// or both refuse. A panic of the official code is caught: it would end the task that reads the
// block, so it counts as a refusal.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "micromegas/tests/conformance/mutate.h"
#include "micromegas/tests/conformance/official.h"
#include "micromegas/tests/conformance/vector_cases.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/json_lines.h"

namespace micromegas::conformance {
namespace {

constexpr int kCases = 12'000;

// What a decoder says of one case: its lines, or why not.
struct Opinion {
  bool accepted = false;
  std::vector<std::string> lines;
  std::string reason;
};

Opinion refused(const Error& error) { return {false, {}, error.message()}; }

// {"block_id": ..., "event": {...}, "event_id": 0} without what only a whole block has.
std::string event_alone(const std::string& line) {
  const std::size_t begin = line.find("\"event\": ");
  const std::size_t end = line.rfind(", \"event_id\": ");
  return "{" + line.substr(begin, end - begin) + "}";
}

Opinion read_events(const wire::DecodedStream& stream, const wire::DecodedBlock& block,
                    bool is_whole) {
  Opinion opinion{true, {}, {}};
  if (is_whole) opinion.lines.push_back(wire::block_line(block, stream));
  const auto read =
      wire::for_each_event(stream, block, [&](std::int64_t id, const wire::Object& event) {
        std::string line = wire::event_line(block, id, event);
        opinion.lines.push_back(is_whole ? std::move(line) : event_alone(line));
      });
  return read ? opinion : refused(read.error());
}

Opinion our_opinion(const Case& c, Result<wire::DecodedStream>& stream) {
  if (c.kind == 's') {
    stream = wire::decode_stream(c.body);
    return stream ? Opinion{true, {wire::stream_line(*stream)}, {}} : refused(stream.error());
  }
  if (!stream) return refused(stream.error());
  if (c.kind == 'r') {
    wire::DecodedBlock block;
    block.dependencies = c.dependencies;
    block.objects = c.objects;
    return read_events(*stream, block, false);
  }
  const auto block = wire::decode_block(c.body);
  return block ? read_events(*stream, *block, true) : refused(block.error());
}

// The next verdict of `official judge`; one that is cut off is a crash.
Opinion next_official(std::istream& in) {
  std::string line;
  if (!std::getline(in, line)) return {false, {}, "CRASH: it ended before this case"};
  if (line == "panic") return {false, {}, "PANIC"};
  if (line.starts_with("refused ")) return {false, {}, line.substr(8)};
  Opinion opinion{true, {}, {}};
  for (int n = std::stoi(line.substr(3)); n > 0; --n) {
    if (!std::getline(in, line)) return {false, {}, "CRASH: it ended within this case"};
    opinion.lines.push_back(line);
  }
  return opinion;
}

// Most equal lines are equal byte for byte; a float may be written in two ways.
bool same_line(const std::string& ours, const std::string& official) {
  return ours == official || json::parse(ours).dump() == json::parse(official).dump();
}

// "" if they agree.
std::string disagreement(const Opinion& ours, const Opinion& official) {
  if (official.reason.starts_with("CRASH")) return official.reason;
  if (ours.accepted != official.accepted) {
    return ours.accepted ? "only the official one refuses: " + official.reason
                         : "only ours refuses: " + ours.reason;
  }
  if (!ours.accepted) return "";
  if (ours.lines.size() != official.lines.size()) {
    return "ours has " + std::to_string(ours.lines.size()) + " lines, the official one " +
           std::to_string(official.lines.size());
  }
  for (std::size_t i = 0; i < ours.lines.size(); ++i) {
    if (!same_line(ours.lines[i], official.lines[i])) {
      return "\n    ours     " + ours.lines[i] + "\n    official " + official.lines[i];
    }
  }
  return "";
}

// --- where ours is the stricter one, as a line of docs/protocol.md says ---
// Nothing that ours accepts may be refused by the official decoder, and nothing may be read
// differently. What an input is is looked up without our decoder.

// What both decoders said of a case. `body`: what our reason is about; records may be refused for
// their stream's sake.
struct Dispute {
  const std::string& body;
  const Opinion& ours;
  const Opinion& official;
};

// As JSON, byte strings and all, whatever stands behind it; discarded if it is none.
json parsed(const std::string& body) {
  return json::from_cbor(body, false, false, json::cbor_tag_handler_t::ignore);
}

bool has_a_year_without_nanoseconds(const Dispute& d) {
  const json body = parsed(d.body);
  for (const char* key : {"begin_time", "end_time"}) {
    if (!body.is_object() || !body.contains(key) || !body[key].is_string()) continue;
    const int year = std::atoi(body[key].get<std::string>().substr(0, 4).c_str());
    if (year < 1678 || year > 2261) return true;
  }
  return false;
}

bool has_a_negative_count(const Dispute& d) {
  const json body = parsed(d.body);
  return body.is_object() && body.contains("nb_objects") &&
         body["nb_objects"].is_number_integer() && body["nb_objects"].get<std::int64_t>() < 0;
}

// "insert_block, byte 12: ...": there is a CBOR byte string.
bool is_a_byte_string(const Dispute& d) {
  const std::size_t at = d.ours.reason.find("byte ");
  const auto byte = static_cast<std::size_t>(std::atoll(d.ours.reason.c_str() + at + 5));
  return byte < d.body.size() && static_cast<unsigned char>(d.body[byte]) >> 5 == 2;
}

// What the official decoder reads has text where an object belongs, or the other way round.
template <bool is_wrong(const json& event)>
bool some_event_is(const Dispute& d) {
  return std::any_of(d.official.lines.begin(), d.official.lines.end(), [](const std::string& line) {
    const json read = json::parse(line);
    return read.contains("event") && is_wrong(read["event"]);
  });
}
bool has_text_as_properties(const json& event) {
  return event.contains("properties") && event["properties"].is_string();
}
bool has_text_as_descriptor(const json& event) {
  return event.contains("desc") && event["desc"].is_string();
}
bool has_no_text_as_target(const json& event) {
  return event.contains("target") && !event["target"].is_string();
}

struct Exception {
  const char* reason;  // part of ours
  const char* line;
  bool (*holds)(const Dispute& dispute);
  int most;  // of 10,000 mutated ones
};
constexpr Exception kExceptions[] = {
    {"type 'StaticStringDependency': string is cut", "a string that is longer than its record",
     nullptr, 40},  // only a decoder can tell
    {"a time before 1678 or after 2261", "a time before 1678 or after 2261",
     &has_a_year_without_nanoseconds, 10},
    {"a key is a byte string", "a key that is a byte string", &is_a_byte_string, 10},
    {"nb_objects is negative", "a negative number of events", &has_a_negative_count, 10},
    {"member 'properties' refers to text", "an event that refers to a value of the wrong kind",
     &some_event_is<has_text_as_properties>, 10},
    {"member 'desc' refers to text", "an event that refers to a value of the wrong kind",
     &some_event_is<has_text_as_descriptor>, 10},
    {"the target is no text", "an event that refers to a value of the wrong kind",
     &some_event_is<has_no_text_as_target>, 10},
};

const Exception* explanation(const Dispute& d) {
  if (d.ours.accepted || !d.official.accepted) return nullptr;
  for (const Exception& e : kExceptions) {
    if (d.ours.reason.find(e.reason) == std::string::npos) continue;
    if (e.holds == nullptr || e.holds(d)) return &e;
  }
  return nullptr;
}

TEST(Differential, EachExceptionIsALineOfTheProtocolPage) {
  std::ifstream in("docs/protocol.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  for (const Exception& exception : kExceptions) {
    EXPECT_NE(page.find(exception.line), std::string::npos) << exception.line;
  }
}

TEST(Differential, DecodersAgreeOnMutatedBlocks) {
  const std::vector<Case> cases = make_cases(kCases);
  const std::string file = new_folder() + "/cases";
  write_cases(cases, file);
  const Answer answer = ask_official("judge", file);
  EXPECT_TRUE(answer.ok) << answer.error;

  std::istringstream verdicts(answer.out);
  Result<wire::DecodedStream> stream = Error("no stream");
  int mutated = 0;
  int accepted = 0;
  std::map<const Exception*, int> explained;
  int panics = 0;
  int disagreements = 0;
  const std::string* stream_body = nullptr;
  for (const Case& c : cases) {
    if (c.kind == 's') stream_body = &c.body;
    const Opinion official = next_official(verdicts);
    panics += official.reason == "PANIC" ? 1 : 0;
    const Opinion ours = our_opinion(c, stream);
    if (c.mutated) {
      mutated += c.repeated ? 0 : 1;
      accepted += ours.accepted && !c.repeated ? 1 : 0;
    } else {
      EXPECT_TRUE(ours.accepted && official.accepted)
          << c.name << " before any change: " << ours.reason << official.reason;
    }
    const std::string what = disagreement(ours, official);
    if (what.empty()) continue;
    const bool of_its_stream = ours.reason.starts_with("insert_stream");
    const std::string& body = of_its_stream ? *stream_body : c.body;
    if (const Exception* exception = explanation({body, ours, official})) {
      ++explained[exception];
      continue;
    }
    if (++disagreements <= 10) ADD_FAILURE() << c.name << ": " << what;
  }
  EXPECT_EQ(disagreements, 0);
  EXPECT_EQ(verdicts.peek(), std::istringstream::traits_type::eof());
  EXPECT_GE(mutated, 10'000);
  // Otherwise the mutations would only test who refuses first.
  EXPECT_GT(accepted, mutated / 10);
  std::printf("%d mutated, %d accepted by both, %d panics of the official decoder\n", mutated,
              accepted, panics);
  for (const Exception& exception : kExceptions) {
    std::printf("%d: %s\n", explained[&exception], exception.reason);
    EXPECT_LE(explained[&exception] * 10'000, exception.most * mutated) << exception.reason;
  }
}

TEST(Differential, DecodersAgreeOnEveryVector) {
  std::vector<Case> cases;
  for (const auto& vector : wire::testing::all_vectors()) {
    for (Case& c : vector_cases(vector)) cases.push_back(std::move(c));
  }
  const std::string file = new_folder() + "/cases";
  write_cases(cases, file);
  const Answer answer = ask_official("judge", file);
  ASSERT_TRUE(answer.ok) << answer.error;
  std::istringstream verdicts(answer.out);
  Result<wire::DecodedStream> stream = Error("no stream");
  for (const auto& vector : wire::testing::all_vectors()) {
    SCOPED_TRACE(vector.name);
    for (const Case& c : vector_cases(vector)) {
      const Opinion official = next_official(verdicts);
      const Opinion ours = our_opinion(c, stream);
      const bool readable = c.kind == 's' || vector.expect == "ok" || only_rows_refuse(vector);
      EXPECT_EQ(official.accepted, readable) << official.reason;
      // Ours says at once what the row functions will say.
      if (explanation({c.body, ours, official}) != nullptr) continue;
      EXPECT_EQ(disagreement(ours, official), "");
    }
  }
}

}  // namespace
}  // namespace micromegas::conformance
