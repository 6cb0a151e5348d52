// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// No key, secret or token is in a core dump: of a program whose request is on its way, in the
// memory that a core takes (all but what is marked "dd", proc(5)), and in the core that the kernel
// writes when it aborts. Where cores go to another program (core_pattern), in the memory alone.

#include <elf.h>
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

// A long string is in memory of its own, a short one in the object.
constexpr const char* kSecrets[] = {"hunter2-hunter2-hunter2-hunter2-hunter2", "hunter2-short"};
constexpr const char* kSecretsInBasic[] = {  // "user:..."
    "dXNlcjpodW50ZXIyLWh1bnRlcjItaHVudGVyMi1odW50ZXIyLWh1bnRlcjI=", "dXNlcjpodW50ZXIyLXNob3J0"};
constexpr char kToken[] = "token-token-token-token-token-token-token";
constexpr char kMarker[] = "what the test looks for to know that it can find";

int count(std::string_view bytes, const std::string& text) {
  int n = 0;
  while (const void* const at = memmem(bytes.data(), bytes.size(), text.data(), text.size())) {
    ++n;
    bytes.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(at) - bytes.data()) + 1);
  }
  return n;
}

// The memory in a core. Its notes have the threads' registers, and in those of 64 bytes what was
// copied last: nobody can promise what a compiler or memcpy() leaves there.
std::string read_core(const fs::path& path) {
  std::string core(fs::file_size(path), 0);
  std::ifstream(path, std::ios::binary)
      .read(core.data(), static_cast<std::streamsize>(core.size()));
  Elf64_Ehdr header{};
  if (core.size() < sizeof header) return "";
  memcpy(&header, core.data(), sizeof header);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part{};
    memcpy(&part, core.data() + header.e_phoff + i * sizeof part, sizeof part);
    if (part.p_type == PT_NOTE) memset(core.data() + part.p_offset, 0, part.p_filesz);
  }
  return core;
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
    // Blocks are not answered: a request is on its way when the core is made.
    for (ScriptedServer* server : {&server_, &plain_}) {
      server->decide([](const ReceivedRequest& request) {
        return request.path.ends_with("/insert_block") ? testing::say_nothing() : status(200);
      });
    }
    tokens_.decide([](const ReceivedRequest&) {
      return status(200, {},
                    std::string(R"({"access_token":")") + kToken + R"(","expires_in":3600})");
    });
  }

  // `kept`: what the program cannot but hold, in memory that is left out; `gone`: what it needs no
  // longer. `ready`: when it is time to look.
  template <class Ready>
  void expect_nowhere(const std::string& what, const std::string& url, const std::string& secret,
                      const std::vector<std::string>& kept, const std::vector<std::string>& gone,
                      const std::string& endpoint, Ready ready) {
    std::ofstream(folder_ / "secret", std::ios::trunc) << secret;
    std::vector<std::string> arguments{
        what, url, url.starts_with("https") ? folder_ / "ca.pem" : fs::path(), folder_ / "secret"};
    if (!endpoint.empty()) arguments.push_back(endpoint);
    Program program("tests/delivery/core_program", arguments, {}, folder_);
    ASSERT_EQ(program.read_line(), "ready") << program.out();
    ASSERT_TRUE(ready());
    for (const std::string& text : kept) {
      const Found found = find_in_memory(program.pid(), text);
      EXPECT_EQ(found.dumped, 0) << text << " in\n" << found.where;
      EXPECT_GT(found.not_dumped, 0) << "it must be somewhere, to be sent: is this test blind?";
    }
    for (const std::string& text : gone) {
      const Found found = find_in_memory(program.pid(), text);
      EXPECT_EQ(found.dumped + found.not_dumped, 0) << text << " in\n" << found.where;
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
      core = read_core(file.path());
      fs::remove(file.path());  // the next one may be smaller
    }
    EXPECT_GT(count(core, kMarker), 0) << core.size() << " bytes of core";
    for (const auto& texts : {kept, gone}) {
      for (const std::string& text : texts) EXPECT_EQ(count(core, text), 0) << text;
    }
  }

  // Process, stream and block have come from one more program.
  static auto under_way(ScriptedServer& server) {
    return [&server, wanted = server.requests().size() + 3] {
      return server.wait_for_requests(wanted);
    };
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / "core_test";
  const Authority authority_{"test CA"};
  ScriptedServer server_{{.certificate = authority_.issue({.addresses = {"127.0.0.1"}})}};
  ScriptedServer plain_;
  ScriptedServer tokens_{{.certificate = authority_.issue({.addresses = {"127.0.0.1"}})}};
};

TEST_F(CoreTest, AnApiKeyIsInNoCore) {
  for (const char* secret : kSecrets) {
    for (ScriptedServer* server : {&server_, &plain_}) {
      expect_nowhere("key", server->url(), secret, {secret}, {}, "", under_way(*server));
    }
  }
}

TEST_F(CoreTest, AClientSecretAndItsTokenAreInNoCore) {
  for (const char* secret : kSecrets) {
    expect_nowhere("client", server_.url(), secret, {secret, kToken}, {}, tokens_.url() + "/token",
                   under_way(server_));
  }
}

TEST_F(CoreTest, AClientSecretIsInNoCoreWhileATokenIsAskedFor) {
  tokens_.decide([](const ReceivedRequest&) { return testing::say_nothing(); });
  for (const char* secret : kSecrets) {
    const std::size_t before = tokens_.requests().size();
    expect_nowhere("client", server_.url(), secret, {secret}, {}, tokens_.url() + "/token",
                   [&] { return tokens_.wait_for_requests(before + 1); });
  }
}

TEST_F(CoreTest, WhatAProviderOfOnesOwnGivesIsInNoCore) {
  for (const char* secret : kSecrets) {
    expect_nowhere("provider", plain_.url(), secret, {secret}, {}, "", under_way(plain_));
  }
}

TEST_F(CoreTest, TheProxysPasswordIsInNoCore) {
  for (int i = 0; i < 2; ++i) {
    expect_nowhere("proxy", "http://a.name", kSecrets[i], {kSecretsInBasic[i]}, {kSecrets[i]},
                   "127.0.0.1:" + std::to_string(plain_.port()), under_way(plain_));
  }
}

TEST_F(CoreTest, WhatCouldNotBeStartedLeavesNoSecret) {
  for (const char* secret : kSecrets) {
    expect_nowhere("failed", plain_.url(), secret, {}, {secret}, "", [] { return true; });
  }
}

}  // namespace
}  // namespace micromegas
