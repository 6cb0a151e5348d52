// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Images on the wire: the bytes of a record, what the decoder reads of them, and cutting.

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "micromegas/tests/wire/events.h"
#include "micromegas/transport/wire/image_encoder.h"
#include "micromegas/transport/wire/rows.h"
#include "micromegas/transport/wire/split.h"

namespace micromegas::wire::testing {
namespace {

using namespace std::string_literals;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

ImageEvent image(std::int64_t offset, std::string_view name, std::string_view format,
                 std::string_view data) {
  return {kStart + offset, name, format, bytes(data)};
}

TEST(ImageOnTheWire, IsTheseBytes) {
  ImageEncoder encoder;
  encoder.begin(test_process());
  encoder.add(image(2, "ab", "p", "\x01\x02\xff"));
  EXPECT_EQ(encoder.dependencies(), "");
  EXPECT_EQ(encoder.objects(),
            "\0"                    // type: ImageEvent
            "\x1c\0\0\0"            // bytes that follow
            "\x8a\x13\0\0\0\0\0\0"  // time: 5002 ticks
            "\x02\x02\0\0\0"
            "ab"  // name, UTF-8
            "\x02\x01\0\0\0"
            "p"  // format
            "\x03\0\0\0\x01\x02\xff"s);
}

TEST(ImageOnTheWire, ComesBackAsItWas) {
  const std::string large(5'000'000, 'x');
  const std::string png = "\x89PNG\0\r\n"s;
  const std::vector<ImageEvent> events = {image(1, "screenshot", "image/png", png),
                                          image(2, "größe", "", ""), image(3, "", "raw", large)};
  ImageEncoder encoder;
  const Sent sent = send(StreamKind::kImage, encoder, events);
  EXPECT_TRUE(sent.stream.has_tag("image"));
  std::size_t at = 0;
  const auto read =
      for_each_image_row(sent.process, sent.stream, sent.block, [&](const ImageRow& row) {
        EXPECT_EQ(row.time, events[at].time);
        EXPECT_EQ(row.name, events[at].name);
        EXPECT_EQ(row.format, events[at].format);
        EXPECT_EQ(row.data, std::string_view(reinterpret_cast<const char*>(events[at].data.data()),
                                             events[at].data.size()));
        ++at;
      });
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(at, events.size());
}

TEST(ImageOnTheWire, IsCutBetweenImages) {
  const std::string large(100'000, 'x');
  const std::vector<ImageEvent> events = {image(1, "a", "", large), image(2, "b", "", large),
                                          image(3, "c", "", large)};
  ImageEncoder encoder;
  const auto body = encode_events(encoder, events);
  ASSERT_TRUE(body);
  const auto halves = split_block(body->body, StreamKind::kImage, test_process());
  ASSERT_TRUE(halves) << halves.error().message();
  std::uint64_t images = 0;
  for (const HalfBlock& half : *halves) {
    const std::uint64_t n = half.events[static_cast<std::size_t>(EventKind::kImage)];
    EXPECT_EQ(decode_block(half.body)->event_count, static_cast<std::int64_t>(n));
    images += n;
  }
  EXPECT_EQ(images, 3U);
  const auto one = encode_events(encoder, std::vector<ImageEvent>{events[0]});
  EXPECT_FALSE(split_block(one->body, StreamKind::kImage, test_process()));
}

}  // namespace
}  // namespace micromegas::wire::testing
