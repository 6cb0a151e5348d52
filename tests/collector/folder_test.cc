// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "micromegas/tests/collector/temp_folder.h"

namespace micromegas::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const auto entries = list_folder(folder);
  if (!entries) return {entries.error().message()};
  for (const FolderEntry& entry : *entries) names.push_back(entry.name);
  return names;
}

TEST(FolderTest, WritesBodiesInOrderAndReadsThemBack) {
  const TempFolder temp;
  const std::string folder = temp.path() + "/made/on/demand";
  auto writer = FolderWriter::open(folder);
  ASSERT_TRUE(writer) << writer.error().message();
  const std::string bytes("a\0b\n\xFF", 5);
  ASSERT_TRUE(writer->write(BodyKind::kStream, bytes, false));
  ASSERT_TRUE(writer->write(BodyKind::kProcess, "", false));
  ASSERT_TRUE(writer->write(BodyKind::kBlock, "bad", true));
  ASSERT_TRUE(writer->write(BodyKind::kBlock, "good", false));
  EXPECT_THAT(names_in(folder),
              ElementsAre("000000-stream.cbor", "000001-process.cbor", "000003-block.cbor"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/000002-block-refused.cbor"));
  EXPECT_EQ(*read_file(folder + "/000000-stream.cbor", 5), bytes);
  EXPECT_EQ(*read_file(folder + "/000001-process.cbor", 5), "");
}

TEST(FolderTest, NumbersGoOnAfterThoseThatAreThere) {
  const TempFolder temp;
  for (int run = 0; run < 2; ++run) {
    auto writer = FolderWriter::open(temp.path());
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->write(BodyKind::kBlock, "x", run == 0));
    ASSERT_TRUE(writer->write(BodyKind::kBlock, "x", false));
  }
  EXPECT_THAT(names_in(temp.path()),
              ElementsAre("000001-block.cbor", "000002-block.cbor", "000003-block.cbor"));
}

TEST(FolderTest, SortsByNumberPastAMillion) {
  const TempFolder temp;
  for (const char* name :
       {"1000000-block.cbor", "999999-block.cbor", "notes.txt", "1-block.cbor",
        "000001-block.cbor.tmp", "000002-image.cbor", "99999999999999999999999-block.cbor"}) {
    std::ofstream(temp.path() + "/" + name) << "x";
  }
  EXPECT_THAT(names_in(temp.path()), ElementsAre("999999-block.cbor", "1000000-block.cbor"));
}

TEST(FolderTest, ErrorsNameTheFolderOrTheFile) {
  const TempFolder temp;
  EXPECT_THAT(names_in(temp.path()).at(0), HasSubstr(temp.path()));
  EXPECT_THAT(names_in(temp.path() + "/none").at(0), HasSubstr(temp.path() + "/none"));
  std::ofstream(temp.path() + "/000000-block.cbor") << "12345";
  const std::string file = temp.path() + "/000000-block.cbor";
  EXPECT_THAT(read_file(file, 4).error().message(), HasSubstr(file));
  EXPECT_THAT(read_file(file + "x", 4).error().message(), HasSubstr(file + "x"));
  EXPECT_THAT(read_file(temp.path(), 4).error().message(), HasSubstr(temp.path()));
  const auto writer = FolderWriter::open(file + "/below a file");
  ASSERT_FALSE(writer);
  EXPECT_THAT(writer.error().message(), HasSubstr(file));
}

}  // namespace
}  // namespace micromegas::collector
