// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// No key, secret or token is in a core dump: of a program whose request is on its way, in the
// memory that a core takes (all but what is marked "dd", proc(5)), and in the core that the kernel
// writes when it aborts. Where cores go to another program (core_pattern), in the memory alone.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/tests/support/program.h"

namespace micromegas {
namespace {

namespace fs = std::filesystem;
using testing::Authority;
using testing::Program;
using testing::ReceivedRequest;
using testing::ScriptedServer;
using testing::status;

constexpr char kSecret[] = "hunter2-hunter2-hunter2-hunter2-hunter2";
constexpr char kToken[] = "token-token-token-token-token-token-token";
constexpr char kMarker[] = "what the test looks for to know that it can find";

int count(std::string_view bytes, const std::string& text) {
  int n = 0;
  for (std::size_t at = bytes.find(text); at != std::string_view::npos;
       at = bytes.find(text, at + 1)) {
    ++n;
  }
  return n;
}

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool dumped = true;
  std::string line;
};

std::vector<Mapping> mappings(pid_t pid) {
  std::vector<Mapping> all;
  std::ifstream smaps("/proc/" + std::to_string(pid) + "/smaps");
  for (std::string line; std::getline(smaps, line);) {
    Mapping next;
    char readable = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx %c", &next.begin, &next.end, &readable) == 3) {
      next.line = line;
      all.push_back(next);
    } else if (!all.empty() && line.starts_with("VmFlags:")) {
      all.back().dumped = (line + " ").find(" dd ") == std::string::npos;
    }
  }
  return all;
}

// How often the program's memory holds `text`, dumped or not.
struct Found {
  int dumped = 0;
  int not_dumped = 0;
  std::string where;
};
Found find_in_memory(pid_t pid, const std::string& text) {
  Found found;
  const int memory = open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_NE(memory, -1) << strerror(errno);
  for (const Mapping& mapping : mappings(pid)) {
    std::string bytes(mapping.end - mapping.begin, 0);
    const ssize_t size =
        pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(mapping.begin));
    if (size <= 0) continue;  // guard pages
    const int n = count(std::string_view(bytes).substr(0, static_cast<std::size_t>(size)), text);
    (mapping.dumped ? found.dumped : found.not_dumped) += n;
    if (n > 0 && mapping.dumped) found.where += mapping.line + "\n";
  }
  close(memory);
  return found;
}

class CoreTest : public ::testing::Test {
 protected:
  CoreTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(folder_ / "ca.pem") << authority_.pem();
    std::ofstream(folder_ / "secret") << kSecret;
    // Blocks are not answered: a request is on its way when the core is made.
    server_.decide([](const ReceivedRequest& request) {
      return request.path == "/ingestion/insert_block" ? testing::say_nothing() : status(200);
    });
    tokens_.decide([](const ReceivedRequest&) {
      return status(200, {},
                    std::string(R"({"access_token":")") + kToken + R"(","expires_in":3600})");
    });
  }

  void expect_nowhere(const std::vector<std::string>& secrets, const std::string& token_endpoint) {
    std::vector<std::string> arguments{server_.url(), folder_ / "ca.pem", folder_ / "secret"};
    if (!token_endpoint.empty()) arguments.push_back(token_endpoint);
    Program program("tests/delivery/core_program", arguments, {}, folder_);
    ASSERT_EQ(program.read_line(), "ready");
    ASSERT_TRUE(server_.wait_for_requests(3));  // process, stream, block
    for (const std::string& secret : secrets) {
      const Found found = find_in_memory(program.pid(), secret);
      EXPECT_EQ(found.dumped, 0) << secret << " in\n" << found.where;
      EXPECT_GT(found.not_dumped, 0) << "it must be somewhere, to be sent: is this test blind?";
    }
    EXPECT_GT(find_in_memory(program.pid(), kMarker).dumped, 0);

    const int result = program.end_by(SIGABRT);
    ASSERT_TRUE(testing::killed_by(result, SIGABRT));
    std::string pattern;
    std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), pattern);
    if (pattern.empty() || pattern.starts_with("|") || pattern.find('/') != std::string::npos)
      return;
    ASSERT_TRUE(WCOREDUMP(result));
    std::string core;
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (file.path().filename() == "ca.pem" || file.path().filename() == "secret") continue;
      std::ifstream in(file.path(), std::ios::binary);
      core.assign(std::istreambuf_iterator<char>(in), {});
    }
    EXPECT_GT(count(core, kMarker), 0) << core.size() << " bytes of core";
    for (const std::string& secret : secrets) EXPECT_EQ(count(core, secret), 0) << secret;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "core_test";
  const Authority authority_{"test CA"};
  ScriptedServer server_{{.certificate = authority_.issue({.addresses = {"127.0.0.1"}})}};
  ScriptedServer tokens_{{.certificate = authority_.issue({.addresses = {"127.0.0.1"}})}};
};

TEST_F(CoreTest, AnApiKeyIsInNoCore) { expect_nowhere({kSecret}, ""); }

TEST_F(CoreTest, AClientSecretAndItsTokenAreInNoCore) {
  expect_nowhere({kSecret, kToken}, tokens_.url() + "/token");
}

}  // namespace
}  // namespace micromegas
