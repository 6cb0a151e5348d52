// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A program with a secret: core_program URL CA_FILE SECRET_FILE [TOKEN_ENDPOINT]. The secret is its
// API key or, with a token endpoint, its client secret. It leaves none of its own copies behind,
// says "ready" when it has something under way, and waits for its end. Its core goes to its folder.

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "micromegas/telemetry.h"

namespace {

using namespace std::chrono_literals;

// In one piece of memory, which init_telemetry() takes over.
std::string read_secret(const char* file) {
  std::array<char, 256> bytes{};
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  close(fd);
  std::string secret(bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  explicit_bzero(bytes.data(), bytes.size());
  return secret;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_CORE, &unlimited);
  micromegas::TelemetryOptions options{.url = argv[1], .ca_file = argv[2], .console = false};
  options.flush_period = 1ms;
  std::string& secret = argc > 4 ? options.oidc_client_secret : options.api_key;
  secret = read_secret(argv[3]);
  if (argc > 4) {
    options.oidc_token_endpoint = argv[4];
    options.oidc_client_id = "core_program";
  }
  auto telemetry = micromegas::init_telemetry(std::move(options));
  if (!telemetry) {
    std::printf("%s\n", telemetry.error().message().c_str());
    return 2;
  }
  const std::string in_the_core =
      "what the test looks for to know that it can " + std::string("find");
  MM_INFO("hello");
  std::printf("ready\n");
  std::fflush(stdout);
  pause();
  std::printf("%s\n", in_the_core.c_str());
  return 0;
}
