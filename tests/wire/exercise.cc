// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/tests/wire/exercise.h"

#include <cstdint>
#include <cstring>
#include <limits>

#include "micromegas/transport/wire/json_lines.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/span_tree.h"

namespace micromegas::wire::testing {
namespace {

// Keeps the optimiser from leaving reads out.
volatile std::size_t g_read = 0;

void touch(std::string_view text) {
  std::size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  g_read = g_read + sum;
}

std::string with_length(std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string out(4, '\0');
  std::memcpy(out.data(), &size, 4);
  return out.append(bytes);
}

std::string_view take_with_length(std::string_view& input) {
  std::uint32_t size = 0;
  if (input.size() < 4) return {};
  std::memcpy(&size, input.data(), 4);
  input.remove_prefix(4);
  const std::string_view bytes = input.substr(0, size);
  input.remove_prefix(bytes.size());
  return bytes;
}

template <class T>
void touch_error(const Result<T>& result) {
  if (!result) touch(result.error().message());
}

}  // namespace

void exercise_block(const DecodedProcess& process, const DecodedStream& stream,
                    const DecodedBlock& block) {
  touch(block_line(block, stream, "file"));
  touch_error(for_each_event(
      stream, block,
      [&](std::int64_t id, const Object& event) { touch(event_line(block, id, event)); },
      kSmallLimits));
  touch_error(for_each_log_row(
      process, stream, block,
      [](const LogRow& row) {
        touch(row.target);
        touch(row.msg);
        for (const Property& property : row.properties) touch(property.value);
      },
      kSmallLimits));
  touch_error(for_each_metric_row(
      process, stream, block,
      [](const MetricRow& row) {
        touch(row.name);
        touch(row.unit);
      },
      kSmallLimits));
  SpanTree tree(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  touch_error(for_each_span_event(
      process, stream, block, [&](const SpanEventRow& row) { tree.add(row); }, kSmallLimits));
  touch_error(tree.finish());
  touch_error(for_each_image_row(
      process, stream, block, [](const ImageRow& row) { touch(row.data); }, kSmallLimits));
}

void exercise_input(std::string_view input) {
  if (input.empty()) return;
  const char kind = input.front();
  input.remove_prefix(1);
  if (kind == 'p') {
    const auto process = decode_process(input, kSmallLimits);
    touch_error(process);
    if (process) touch(process_line(*process));
    return;
  }
  const auto stream = decode_stream(kind == 's' ? input : take_with_length(input), kSmallLimits);
  touch_error(stream);
  if (!stream) return;
  DecodedProcess process;
  if (kind == 's') {
    touch(stream_line(*stream, "file"));
  } else if (kind == 'b') {
    process.info.tsc_frequency = 0;
    const auto block = decode_block(input, kSmallLimits);
    touch_error(block);
    if (block) exercise_block(process, *stream, *block);
  } else {
    DecodedBlock block;
    block.dependencies = take_with_length(input);
    block.objects = input;
    exercise_block(process, *stream, block);
  }
}

std::string input_of_block(std::string_view stream_body, std::string_view block_body) {
  return "b" + with_length(stream_body).append(block_body);
}

std::string input_of_records(std::string_view stream_body, std::string_view dependencies,
                             std::string_view objects) {
  return "r" + with_length(stream_body) + with_length(dependencies).append(objects);
}

}  // namespace micromegas::wire::testing
