// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// No memory is given back with a key still in it: this program's operator delete looks.

#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <memory>
#include <new>
#include <string>

#include "micromegas/transport/http/client.h"

namespace {

constexpr char kKey[] = "mmk_a-key-that-is-too-long-to-sit-in-a-string-object";
std::atomic<bool> watching{false};
std::atomic<int> leaks{0};

void look_at(void* memory) noexcept {
  if (memory == nullptr || !watching.load()) return;
  if (memmem(memory, malloc_usable_size(memory), kKey, sizeof(kKey) - 1) != nullptr) ++leaks;
}

void* take(std::size_t size) {
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void give_back(void* memory) noexcept {
  look_at(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }

namespace micromegas::http {
namespace {

class SecretMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    leaks = 0;
    watching = true;
  }
  void TearDown() override { watching = false; }
};

TEST_F(SecretMemory, TheWatchSeesALeak) {
  { const std::string careless(kKey); }
  EXPECT_EQ(leaks, 1);
}

TEST_F(SecretMemory, ACredentialLeavesNothing) {
  auto credential = make_api_key(kKey, "api_key");
  ASSERT_TRUE(credential);
  credential = Error("gone");
  EXPECT_EQ(leaks, 0);
}

// The kernel leaves out of a core what has the flag "dd" (proc(5), smaps).
TEST_F(SecretMemory, ACredentialIsInNoCoreDump) {
  const auto credential = make_api_key(kKey, "api_key");
  ASSERT_TRUE(credential);
  const auto address = reinterpret_cast<std::uintptr_t>((*credential)->authorization().data());
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  std::string flags;
  for (std::string line; flags.empty() && std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx ", &begin, &end) == 2) {
      inside = address >= begin && address < end;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      flags = line + " ";
    }
  }
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
}

TEST_F(SecretMemory, ARefusedCredentialLeavesNothing) {
  std::string key;
  key.reserve(sizeof(kKey) + 1);  // growing would be a leak of this test's
  key.append(kKey).append("\n");
  EXPECT_FALSE(make_api_key(Secret::taken_from(key).reveal(), "api_key"));
  EXPECT_EQ(leaks, 0);
}

TEST_F(SecretMemory, ARequestLeavesNothing) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);

  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = ntohs(address.sin_port);
  ClientOptions options;
  options.endpoint = endpoint;
  options.user_agent = "test";
  options.credential = *make_api_key(kKey, "api_key");
  auto loop = std::make_unique<Loop>();
  auto client = std::make_unique<Client>(*loop, std::move(options));
  ASSERT_TRUE(loop->start("test"));
  std::promise<unsigned> status;
  loop->post([&] {
    client->post("/x", std::make_shared<const std::string>("body"),
                 [&](const Outcome& outcome) { status.set_value(outcome.status); });
  });

  const int connection = accept(listener, nullptr, nullptr);
  static char received[4096];  // never given back
  std::size_t bytes = 0;
  while (memmem(received, bytes, "body", 4) == nullptr) {
    const ssize_t n = recv(connection, received + bytes, sizeof(received) - bytes, 0);
    ASSERT_GT(n, 0);
    bytes += static_cast<std::size_t>(n);
  }
  EXPECT_NE(memmem(received, bytes, kKey, sizeof(kKey) - 1), nullptr);
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
  EXPECT_EQ(status.get_future().get(), 200U);

  loop->stop();
  client.reset();
  loop.reset();
  EXPECT_EQ(leaks, 0);
  close(connection);
  close(listener);
}

}  // namespace
}  // namespace micromegas::http
