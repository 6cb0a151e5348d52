// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The collector as a program: its output, its exit codes, its end by a signal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/collector/captures.h"
#include "micromegas/tests/collector/raw_client.h"
#include "micromegas/tests/collector/temp_folder.h"
#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using ::testing::AllOf;
using testing::Capture;
using testing::captures;
using ::testing::HasSubstr;
using testing::kCapturesFolder;
using ::testing::Not;
using testing::Pipe;
using testing::TempFolder;
namespace fs = std::filesystem;

constexpr char kProgram[] = "transport/collector/collector";

// The program, running. Its output is read as it comes, so that it never blocks.
class Program {
 public:
  // Without `reads_output` nobody reads stdout, and its pipe is closed.
  explicit Program(std::vector<std::string> arguments, bool reads_output = true) {
    pid_ = testing::start_child([&] {
      dup2(out_pipe_.write_end(), 1);
      dup2(error_pipe_.write_end(), 2);
      testing::become(kProgram, std::move(arguments));
    });
    out_pipe_.close_write();
    error_pipe_.close_write();
    if (reads_output) {
      reader_ = std::thread([this] { out_ = out_pipe_.read_all(); });
    } else {
      out_pipe_.close_read();
    }
  }
  ~Program() {
    if (reader_.joinable()) reader_.join();
  }

  // The first line on stderr, which tells the port.
  std::uint16_t read_port() {
    first_line_ = error_pipe_.read_until('\n');
    const std::size_t at = first_line_.find("http://127.0.0.1:");
    if (at == std::string::npos) {
      ADD_FAILURE() << first_line_;
      return 0;
    }
    return static_cast<std::uint16_t>(std::atoi(first_line_.c_str() + at + 17));
  }

  // Sends `signal` if there is one, and waits for the end.
  void finish(int signal = 0) {
    if (signal != 0) kill(pid_, signal);
    error_ = first_line_ + error_pipe_.read_all();
    if (reader_.joinable()) reader_.join();
    status_ = testing::wait_for_child(pid_);
  }

  [[nodiscard]] int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }
  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  Pipe out_pipe_;
  Pipe error_pipe_;
  pid_t pid_ = -1;
  int status_ = -1;
  std::string first_line_;
  std::thread reader_;
  std::string out_;
  std::string error_;
};

// Runs to the end.
struct Ended {
  explicit Ended(std::vector<std::string> arguments) {
    Program program(std::move(arguments));
    program.finish();
    code = program.exit_code();
    out = program.out();
    error = program.error();
  }
  int code;
  std::string out;
  std::string error;
};

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_FALSE(lines.back().is_discarded()) << line;
  }
  return lines;
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void post_captures(std::uint16_t port) {
  testing::RawClient client(port);
  for (const Capture& capture : captures()) {
    client.send(testing::post_text(testing::path_of(capture.kind), capture.body));
    EXPECT_EQ(client.read_answer().status, 200);
  }
}

TEST(CollectorProgramTest, HelpGoesToOutputAndIsASuccess) {
  const Ended help({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("--decode FOLDER"));
  EXPECT_EQ(help.error, "");
}

TEST(CollectorProgramTest, AnUnknownFlagIsNamed) {
  const Ended wrong({"--colour"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.error, AllOf(HasSubstr("--colour"), HasSubstr("--help")));
}

TEST(CollectorProgramTest, SaysWhyItCannotStart) {
  const Ended address({"--address", "nowhere"});
  EXPECT_EQ(address.code, 1);
  EXPECT_THAT(address.error, HasSubstr("\"nowhere\""));
  unsetenv("COLLECTOR_TEST_NO_KEY");
  const Ended key({"--api-key-env", "COLLECTOR_TEST_NO_KEY"});
  EXPECT_EQ(key.code, 1);
  EXPECT_THAT(key.error, HasSubstr("COLLECTOR_TEST_NO_KEY"));
}

TEST(CollectorProgramTest, PrintsRowsAndASummaryWhenInterrupted) {
  Program program({"--port", "0"});
  const std::uint16_t port = program.read_port();
  post_captures(port);
  testing::exchange(port, testing::post_text("/ingestion/insert_block", "\x1b[2J"));
  program.finish(SIGINT);
  EXPECT_EQ(program.exit_code(), 0);
  EXPECT_THAT(program.out(), HasSubstr("process a84b7f5e-65e1-4ff4-ab53-a42195db6dcd"));
  EXPECT_THAT(program.out(), HasSubstr("INFO   golden  second log block\n"));
  EXPECT_THAT(program.out(), HasSubstr(" metric "));
  EXPECT_THAT(program.out(), HasSubstr(" span   "));
  EXPECT_THAT(program.out(), HasSubstr("answered 400: "));
  EXPECT_THAT(program.out(), HasSubstr("LLL... (70000 bytes)\n"));
  EXPECT_EQ(program.out().find('\x1b'), std::string::npos);
  EXPECT_THAT(program.error(), AllOf(HasSubstr("events                152\n"),
                                     HasSubstr("undecodable blocks    1\n")));
}

TEST(CollectorProgramTest, QuietPrintsOnlyTheSummary) {
  Program program({"--port=0", "--quiet"});
  post_captures(program.read_port());
  program.finish(SIGTERM);
  EXPECT_EQ(program.exit_code(), 0);
  EXPECT_EQ(program.out(), "");
  EXPECT_THAT(program.error(), HasSubstr("events                152\n"));
}

TEST(CollectorProgramTest, WhatItSavesDecodesToWhatItPrinted) {
  const TempFolder temp;
  Program program({"--port=0", "--json", "--save", temp.path()});
  post_captures(program.read_port());
  program.finish(SIGINT);
  EXPECT_EQ(program.exit_code(), 0);
  std::size_t events = 0;
  for (const auto& line : json_lines(program.out())) events += line.contains("event") ? 1 : 0;
  EXPECT_EQ(events, 152U);
  const Ended decoded({"--decode", temp.path()});
  EXPECT_EQ(decoded.code, 0);
  EXPECT_EQ(decoded.error, "");
  EXPECT_EQ(decoded.out, Ended({"--decode", kCapturesFolder}).out);
}

TEST(CollectorProgramTest, DecodesAsTheOfficialDecoderDoes) {
  const Ended decoded({"--decode", kCapturesFolder});
  EXPECT_EQ(decoded.code, 0);
  EXPECT_EQ(decoded.error, "");
  const auto lines = json_lines(decoded.out);
  const auto expected = json_lines(content(std::string(kCapturesFolder) + "/decoded.jsonl"));
  ASSERT_EQ(lines.size(), expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i], expected[i]) << i;
}

TEST(CollectorProgramTest, DecodeNamesWhatIsWrongAndPrintsTheRest) {
  const TempFolder temp;
  const Ended empty({"--decode", temp.path()});
  EXPECT_EQ(empty.code, 1);
  EXPECT_THAT(empty.error, HasSubstr(temp.path()));
  EXPECT_EQ(Ended({"--decode", temp.path() + "/none"}).code, 1);

  for (const auto& file : fs::directory_iterator(kCapturesFolder)) {
    fs::copy(file.path(), temp.path() / file.path().filename());
  }
  const std::string block = temp.path() + "/000016-block.cbor";
  fs::permissions(block, fs::perms::owner_all);
  const std::string bytes = content(block);
  std::ofstream(block, std::ios::binary | std::ios::trunc) << bytes.substr(0, bytes.size() / 2);
  const Ended cut({"--decode", temp.path()});
  EXPECT_EQ(cut.code, 1);
  EXPECT_THAT(cut.error, AllOf(HasSubstr("000016-block.cbor"), Not(HasSubstr("000002"))));
  EXPECT_EQ(json_lines(cut.out).size(), 169U - 32U);  // that block's line and its 31 events

  fs::remove(temp.path() + "/000001-stream.cbor");
  fs::remove(temp.path() + "/000000-process.cbor");
  const Ended missing({"--decode", temp.path()});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.error, AllOf(HasSubstr("000002-block.cbor: its stream"),
                                   HasSubstr("000006-block.cbor: its process")));
}

TEST(CollectorProgramTest, EndsWhenNobodyReadsItsOutput) {
  Program program({"--port=0"}, false);
  const std::uint16_t port = program.read_port();
  for (const Capture& capture : captures()) {
    testing::exchange(port, testing::post_text(testing::path_of(capture.kind), capture.body));
  }
  program.finish();
  EXPECT_EQ(program.exit_code(), 0);
}

TEST(CollectorProgramTest, AsksForTheKeyOfTheEnvironment) {
  setenv("COLLECTOR_TEST_KEY", "k1", 1);
  Program program({"--port=0", "--quiet", "--api-key-env=COLLECTOR_TEST_KEY"});
  const std::uint16_t port = program.read_port();
  const Capture process = captures(collector::BodyKind::kProcess).front();
  const std::string path = testing::path_of(process.kind);
  EXPECT_EQ(testing::exchange(port, testing::post_text(path, process.body)).status, 401);
  EXPECT_EQ(testing::exchange(
                port, testing::post_text(path, process.body, "Authorization: Bearer k1\r\n"))
                .status,
            200);
  program.finish(SIGHUP);
  EXPECT_EQ(program.exit_code(), 0);
  EXPECT_EQ(program.error().find("k1"), std::string::npos);
}

}  // namespace
}  // namespace micromegas
