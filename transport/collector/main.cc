// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "micromegas/transport/collector/collector.h"
#include "micromegas/transport/collector/decode_folder.h"
#include "micromegas/transport/collector/flags.h"
#include "micromegas/transport/collector/print.h"

namespace {

namespace mm = micromegas::collector;

int fail(const std::string& message) {
  std::fprintf(stderr, "collector: %s\n", mm::printable(message).c_str());
  return 1;
}

int decode(const std::string& folder) {
  bool is_lost = false;
  mm::LineOutput out(stdout, [&] { is_lost = true; });
  const bool good = mm::decode_folder(
      folder, [&](std::string_view line) { out.line(line); },
      [](std::string_view error) { fail(std::string(error)); });
  out.flush();
  if (is_lost) return fail("cannot write to standard output");
  return good ? 0 : 1;
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

int serve(const mm::Flags& flags) {
  mm::CollectorOptions options{
      .address = flags.address, .port = flags.port, .save_folder = flags.save_folder};
  if (!flags.api_key_env.empty()) {
    const char* key = std::getenv(flags.api_key_env.c_str());
    if (key == nullptr || *key == '\0') {
      return fail("--api-key-env: the environment variable " + flags.api_key_env + " is not set");
    }
    options.api_key = key;
  }

  // Blocked before any thread starts, waited for below. Without a reader there is nothing to do.
  sigset_t end_signals;
  sigemptyset(&end_signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&end_signals, signal);
  pthread_sigmask(SIG_BLOCK, &end_signals, nullptr);
  mm::LineOutput out(stdout, [] { kill(getpid(), SIGTERM); });

  std::unique_ptr<mm::CollectorObserver> printer;
  if (flags.json) {
    printer = std::make_unique<mm::JsonPrinter>(out);
  } else if (!flags.quiet) {
    printer = std::make_unique<mm::RowPrinter>(out);
  }
  options.observer = printer.get();

  auto collector = mm::Collector::start(std::move(options));
  if (!collector) return fail(collector.error().message());
  std::fprintf(stderr, "collector: listening on %s, Ctrl-C ends it\n", (*collector)->url().c_str());
  if (!is_loopback(flags.address) && flags.api_key_env.empty()) {
    std::fputs("collector: anyone on the network can send; see --api-key-env\n", stderr);
  }

  int signal = 0;
  sigwait(&end_signals, &signal);
  (*collector)->stop();
  std::fprintf(stderr, "\ncollector: received\n%s",
               mm::summary_text((*collector)->stats()).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto flags = mm::parse_flags({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (!flags) {
    fail(flags.error().message());
    return 2;
  }
  if (flags->help) {
    std::fputs(mm::help_text().data(), stdout);
    return 0;
  }
  if (!flags->decode_folder.empty()) return decode(flags->decode_folder);
  return serve(*flags);
}
