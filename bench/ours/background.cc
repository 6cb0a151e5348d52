// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Processor time of the library's own threads per event, from the queue to the socket, and bytes on
// the wire.
//
// Drain and upload are the two threads' times while they deliver. Encode and compress are measured
// apart, on blocks that were kept; send is what is left of the upload: a difference of two runs,
// which is below nothing where it is smaller than they differ by.

#include <chrono>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/bench/ours/captured.h"
#include "micromegas/bench/ours/questions.h"
#include "micromegas/bench/ours/server.h"
#include "micromegas/bench/ours/session.h"
#include "micromegas/instrument.h"
#include "micromegas/transport/wire/byte_buffer.h"
#include "micromegas/transport/wire/decode.h"
#include "micromegas/transport/wire/lz4_frame.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using namespace micromegas::literals;
namespace wire = micromegas::wire;

struct Kind {
  const char* name;
  void (*event)(int);
  std::size_t record_bytes = 0;  // of most on the wire, where they are compressed as records
};
const std::string g_region = "eu-central-1";
const Kind kKinds[] = {
    {"span_event", [](int) { MM_SPAN("decode"); }, 17},
    {"int_metric", [](int i) { MM_IMETRIC("depth", "count", i); }, 25},
    {"literal_log", [](int) { MM_INFO("the queue is empty"); }},
    {"int+int_log", [](int i) { MM_INFO("{} of {}", i, 3); }},
    {"structured_log", [](int i) { MM_INFO("rows fetched", "rows"_k = i, "region"_k = g_region); }},
};

constexpr int kLevels[] = {0, 4, 10};  // of LZ4; the first is the library's

void record(const Kind& kind, int calls) {
  for (int i = 0; i < calls; ++i) {
    kind.event(i);
    if (i % 2000 == 0) std::this_thread::sleep_for(100us);
  }
}

// What the two threads have used so far.
struct Used {
  std::uint64_t drain;
  std::uint64_t upload;
};
micromegas::Result<Used> used() {
  const auto drain = thread_cpu_ns("mm-flush");
  if (!drain) return drain.error();
  const auto upload = thread_cpu_ns("mm-upload");
  if (!upload) return upload.error();
  return Used{*drain, *upload};
}

// Of the whole: drain, upload.
Measured delivered(const Kind& kind, int calls) {
  const Server server(ServerKind::kLive);
  const auto telemetry = start_telemetry(server.url(), 128U << 20);
  pin_to(1);  // telemetry's threads are there already: they are not
  record(kind, calls / 10);
  settle();
  const std::uint64_t events = micromegas::stats().total().delivered;
  const auto before = used();
  record(kind, calls);
  settle();
  const auto after = used();
  if (!before) return before.error();
  if (!after) return after.error();
  const auto count = static_cast<double>(micromegas::stats().total().delivered - events);
  const auto per_event = [&](std::uint64_t n) { return static_cast<double>(n) / count; };
  return unless_lost(
      {per_event(after->drain - before->drain), per_event(after->upload - before->upload)});
}

double own_cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

bool compress_as_encoders_do(const Kind& kind, wire::FrameCompressor& compressor,
                             const wire::DecodedBlock& block, wire::ByteBuffer& out) {
  std::size_t piece_bytes = wire::FrameCompressor::kPieceBytes;
  if (const std::size_t bytes = kind.record_bytes; bytes != 0) {
    piece_bytes = (piece_bytes + bytes - 1) / bytes * bytes;  // where an encoder ends one
  }
  if (!compressor.compress(block.dependencies, out) || !compressor.begin(out)) return false;
  std::string_view rest = block.objects;
  while (!rest.empty()) {
    const auto piece = rest.substr(0, piece_bytes);
    const auto added = kind.record_bytes != 0
                           ? compressor.add_records(piece, kind.record_bytes, out)
                           : compressor.add(piece, out);
    if (!added) return false;
    rest.remove_prefix(piece.size());
  }
  return static_cast<bool>(compressor.end(out));
}

// Encode with compress, compress alone; bytes at each level.
Measured taken_apart(const Kind& kind, int calls) {
  auto sink = std::make_shared<CapturingSink>();
  {
    auto telemetry = micromegas::init_telemetry({
        .console = false,
        .sinks = {{.sink = sink}},
        .queue_bytes = 128U << 20,
        .flush_period = 1s,
        .system_metrics_period = 0s,
        .report_end = false,
    });
    if (!telemetry) return telemetry.error();
    pin_to(1);
    record(kind, calls);
  }
  if (std::string gone = lost(); !gone.empty()) return micromegas::Error("taken apart: " + gone);
  const auto events = static_cast<double>(sink->events());
  Figures figures;
  std::vector<std::string> bodies;
  double begin = 0;
  for (int pass = 0; pass < 2; ++pass) {  // the first one warms up
    bodies.clear();
    wire::BlockEncoder encoder;
    begin = own_cpu_ns();
    for (const auto& encode : sink->blocks()) {
      auto encoded = encode(encoder);
      if (!encoded) return encoded.error();
      bodies.push_back(std::move(encoded->body));
    }
  }
  figures.push_back((own_cpu_ns() - begin) / events);

  std::vector<wire::DecodedBlock> plain;
  for (const std::string& body : bodies) {
    auto block = wire::decode_block(body);
    if (!block) return block.error();
    plain.push_back(std::move(*block));
  }
  wire::FrameCompressor compressor(kLevels[0]);
  wire::ByteBuffer out;
  begin = own_cpu_ns();
  for (const wire::DecodedBlock& block : plain) {
    if (!compress_as_encoders_do(kind, compressor, block, out)) {
      return micromegas::Error("a block could not be compressed");
    }
  }
  figures.push_back((own_cpu_ns() - begin) / events);

  for (const int level : kLevels) {
    wire::BlockEncoder encoder({.compression_level = level});
    double bytes = 0;
    for (const auto& encode : sink->blocks()) {
      auto encoded = encode(encoder);
      if (!encoded) return encoded.error();
      bytes += static_cast<double>(encoded->body.size());
    }
    figures.push_back(bytes / events);
  }
  return figures;
}

}  // namespace

void ask_background(const Asked& asked) {
  const int calls = asked.quick ? 10'000 : 1'000'000;
  const Measured clock = in_child([&] { return Figures{clock_read_ns(asked)}; });
  for (const Kind& kind : kKinds) {
    const std::string name = kind.name;
    Figures all, drain, encode, compress, send, wire_bytes;
    Figures by_level[std::size(kLevels)];
    std::string why_not = clock ? "" : clock.error().message();
    for (int repetition = 0; repetition < asked.repetitions; ++repetition) {
      const Measured whole = in_child([&] { return delivered(kind, calls); });
      const Measured apart = in_child([&] { return taken_apart(kind, calls / 5); });
      if (!whole || !apart) {
        why_not = (whole ? apart : whole).error().message();
        continue;
      }
      const double upload = (*whole)[1];
      const double encode_compress = (*apart)[0];
      const double compress_alone = (*apart)[1];
      all.push_back((*whole)[0] + upload);
      drain.push_back((*whole)[0]);
      encode.push_back(encode_compress - compress_alone);
      compress.push_back(compress_alone);
      send.push_back(upload - encode_compress);
      for (std::size_t i = 0; i < std::size(kLevels); ++i) by_level[i].push_back((*apart)[2 + i]);
    }
    const auto tell = [&](const std::string& what, const char* unit, const Figures& values,
                          double clock_ns) {
      std::string row_name = name;
      row_name.append("_").append(what);
      Row row = summarize("background", row_name, kLibrary, 1, unit, values, clock_ns);
      row.not_counted = why_not;
      print(row);
    };
    const double clock_ns = clock ? clock->front() : 0;
    tell("cpu", "ns", all, clock_ns);
    tell("cpu_drain", "ns", drain, clock_ns);
    tell("cpu_encode", "ns", encode, clock_ns);
    tell("cpu_compress", "ns", compress, clock_ns);
    tell("cpu_send", "ns", send, clock_ns);
    for (std::size_t i = 0; i < std::size(kLevels); ++i) {
      tell("wire_lz4_level_" + std::to_string(kLevels[i]), "bytes", by_level[i], 0);
    }
  }
}

}  // namespace bench
