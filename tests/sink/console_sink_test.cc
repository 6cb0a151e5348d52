// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/pipeline/sink/console_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "micromegas/tests/support/child.h"

namespace micromegas {
namespace {

using testing::exited_with;
using testing::Pipe;
using testing::run_child;

// 2026-11-24T03:04:05.123456789Z
constexpr std::int64_t kTime = 1'795'489'445'123'456'789;

std::string line(Level level, std::string_view target, std::string_view text,
                 std::vector<Property> properties = {}, bool colored = false) {
  LogMetadata metadata{.level = level, .target = target, .file = "src/file.cc"};
  return format_console_line(metadata, properties, kTime, text, colored);
}

// To the end of a line or of the input.
std::string read_line(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.back() == '\n') break;
  }
  return text;
}

TEST(ConsoleLine, HasTimeLevelTargetAndText) {
  EXPECT_EQ(line(Level::kInfo, "net", "hello"), "2026-11-24T03:04:05.123Z INFO  [net] hello\n");
}

TEST(ConsoleLine, PadsEveryLevelToTheSameWidth) {
  const std::string prefix = "2026-11-24T03:04:05.123Z ";
  EXPECT_EQ(line(Level::kFatal, "t", "x"), prefix + "FATAL [t] x\n");
  EXPECT_EQ(line(Level::kError, "t", "x"), prefix + "ERROR [t] x\n");
  EXPECT_EQ(line(Level::kWarn, "t", "x"), prefix + "WARN  [t] x\n");
  EXPECT_EQ(line(Level::kDebug, "t", "x"), prefix + "DEBUG [t] x\n");
  EXPECT_EQ(line(Level::kTrace, "t", "x"), prefix + "TRACE [t] x\n");
}

TEST(ConsoleLine, ColorChangesNothingButTheColor) {
  const std::vector<Property> properties{{"k", "v"}};
  const std::string colored = line(Level::kWarn, "net", "hello", properties, true);
  EXPECT_EQ(colored,
            "\x1b[2m2026-11-24T03:04:05.123Z\x1b[0m \x1b[33mWARN\x1b[0m  \x1b[2m[net]\x1b[0m "
            "hello \x1b[2mk=\x1b[0mv\n");
  std::string plain;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b') {
      i = colored.find('m', i);
    } else {
      plain.push_back(colored[i]);
    }
  }
  EXPECT_EQ(plain, line(Level::kWarn, "net", "hello", properties));
}

TEST(ConsoleLine, FallsBackToTheFileForATarget) {
  EXPECT_EQ(line(Level::kInfo, "", "x"), "2026-11-24T03:04:05.123Z INFO  [src/file.cc] x\n");
  EXPECT_EQ(format_console_line(LogMetadata{.level = Level::kInfo}, {}, kTime, "x", false),
            "2026-11-24T03:04:05.123Z INFO  x\n");
}

TEST(ConsoleLine, ShowsPropertiesQuotedWhereNeeded) {
  EXPECT_EQ(line(Level::kInfo, "t", "x",
                 {{"a", "1"},
                  {"b", "two words"},
                  {"c", ""},
                  {"d", "q\"b\\"},
                  {"e", "l\n2"},
                  {"f", "a=b"},
                  {"g", "back\\slash"}}),
            "2026-11-24T03:04:05.123Z INFO  [t] x a=1 b=\"two words\" c=\"\" d=\"q\\\"b\\\\\" "
            "e=\"l\\n2\" f=\"a=b\" g=back\\slash\n");
}

TEST(ConsoleLine, LinesInsideATextAreIndentedSoThatNoneLooksLikeAnEvent) {
  EXPECT_EQ(line(Level::kInfo, "t", "one\n2026-11-24T03:04:05.123Z FATAL [t] forged\n"),
            "2026-11-24T03:04:05.123Z INFO  [t] one\n"
            "    2026-11-24T03:04:05.123Z FATAL [t] forged\n");
  EXPECT_EQ(line(Level::kInfo, "a\nb", "x"), "2026-11-24T03:04:05.123Z INFO  [a\\nb] x\n");
}

TEST(ConsoleLine, WhatATerminalWouldObeyIsMadeVisible) {
  EXPECT_EQ(line(Level::kInfo, "t", "a\x1b[2Jb\rc\x7f\a\tz"),
            "2026-11-24T03:04:05.123Z INFO  [t] a\\x1b[2Jb\\x0dc\\x7f\\x07\tz\n");
  EXPECT_EQ(line(Level::kInfo, "t", std::string_view("nul\0!", 5)),
            "2026-11-24T03:04:05.123Z INFO  [t] nul\\x00!\n");
  EXPECT_EQ(line(Level::kInfo, "t",
                 "c1 \xc2\x9b"
                 "31m"),  // CSI as one C1 control
            "2026-11-24T03:04:05.123Z INFO  [t] c1 \\xc2\\x9b31m\n");
}

TEST(ConsoleLine, Utf8PassesAndOtherBytesAreMadeVisible) {
  EXPECT_EQ(line(Level::kInfo, "t", "\u00e9 \u20ac \U0001f600 \u00a0"),
            "2026-11-24T03:04:05.123Z INFO  [t] \u00e9 \u20ac \U0001f600 \u00a0\n");
  for (const char* bad : {"\xff", "\xc3", "\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    const std::string shown = line(Level::kInfo, "t", bad);
    EXPECT_TRUE(std::all_of(shown.begin(), shown.end(), [](signed char c) { return c > 0; }))
        << shown;
    EXPECT_NE(shown.find("\\x"), std::string::npos) << shown;
  }
}

TEST(ConsoleLine, TimesAreOfTheGregorianCalendar) {
  const auto at = [](std::int64_t seconds) {
    return format_console_line(LogMetadata{}, {}, seconds * 1'000'000'000, "", false).substr(0, 24);
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.000Z");
  EXPECT_EQ(at(951'782'399), "2000-02-28T23:59:59.000Z");
  EXPECT_EQ(at(951'782'400), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(at(4'107'542'400), "2100-03-01T00:00:00.000Z");
  EXPECT_EQ(at(1'735'689'599), "2024-12-31T23:59:59.000Z");
  for (std::int64_t s = -9'000'000'000; s < 9'000'000'000; s += 1'234'567) {
    const time_t t = s;
    tm parts{};
    gmtime_r(&t, &parts);
    char expected[32];
    strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    ASSERT_EQ(at(s), expected);
  }
}

TEST(ConsoleSink, WritesOnlyUpToItsLevel) {
  Pipe pipe;
  ConsoleSink sink({.fd = pipe.write_end(), .max_level = LevelFilter::kWarn});
  for (Level level : {Level::kError, Level::kWarn, Level::kInfo}) {
    LogMetadata metadata{.level = level, .target = "t"};
    EXPECT_EQ(sink.on_log_enabled(metadata), level != Level::kInfo);
    sink.on_log(metadata, {}, kTime, "x");
  }
  EXPECT_EQ(pipe.read_all(),
            "2026-11-24T03:04:05.123Z ERROR [t] x\n2026-11-24T03:04:05.123Z WARN  [t] x\n");
}

std::string first_line_on_a_terminal(ConsoleColor color) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  EXPECT_GE(terminal, 0);
  EXPECT_EQ(grantpt(terminal), 0);
  EXPECT_EQ(unlockpt(terminal), 0);
  char name[128];
  EXPECT_EQ(ptsname_r(terminal, name, sizeof name), 0);
  const int other_end = open(name, O_RDWR | O_NOCTTY);
  EXPECT_GE(other_end, 0);
  ConsoleSink sink({.fd = other_end, .color = color});
  sink.on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
  char text[256];
  const ssize_t n = read(terminal, text, sizeof text);
  close(other_end);
  close(terminal);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
}

TEST(ConsoleSink, ColorsATerminalUnlessToldNotTo) {
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  EXPECT_NE(first_line_on_a_terminal(ConsoleColor::kAuto).find('\x1b'), std::string::npos);
  EXPECT_EQ(first_line_on_a_terminal(ConsoleColor::kNever).find('\x1b'), std::string::npos);
  setenv("TERM", "dumb", 1);
  EXPECT_EQ(first_line_on_a_terminal(ConsoleColor::kAuto).find('\x1b'), std::string::npos);
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(first_line_on_a_terminal(ConsoleColor::kAuto).find('\x1b'), std::string::npos);
  setenv("NO_COLOR", "", 1);
  EXPECT_NE(first_line_on_a_terminal(ConsoleColor::kAuto).find('\x1b'), std::string::npos);
  unsetenv("NO_COLOR");
}

TEST(ConsoleSink, APipeGetsNoColorUnlessAsked) {
  Pipe plain;
  ConsoleSink({.fd = plain.write_end()}).on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
  EXPECT_EQ(plain.read_all().find('\x1b'), std::string::npos);
  Pipe colored;
  ConsoleSink({.fd = colored.write_end(), .color = ConsoleColor::kAlways})
      .on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
  EXPECT_NE(colored.read_all().find('\x1b'), std::string::npos);
}

// A datagram socket keeps the borders of each write.
TEST(ConsoleSink, EachLineIsOneWrite) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  ConsoleSink sink({.fd = ends[0], .color = ConsoleColor::kAlways});
  const std::vector<Property> properties{{"a", "b c"}};
  for (int i = 0; i < 3; ++i) sink.on_log(LogMetadata{.target = "t"}, properties, kTime, "x\ny");
  const std::string expected = line(Level::kInfo, "t", "x\ny", properties, true);
  for (int i = 0; i < 3; ++i) {
    char text[512];
    const ssize_t n = read(ends[1], text, sizeof text);
    ASSERT_GT(n, 0);
    EXPECT_EQ(std::string(text, static_cast<std::size_t>(n)), expected);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST(ConsoleSink, LinesOfSeveralThreadsStayWhole) {
  Pipe pipe;
  ConsoleSink sink({.fd = pipe.write_end()});
  std::string text;
  std::thread reader([&] {
    char buffer[4096];
    for (ssize_t n; (n = read(pipe.read_end(), buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
  });
  std::vector<std::thread> writers;
  for (char c : {'a', 'b', 'c'}) {
    writers.emplace_back([&, c] {
      for (int i = 0; i < 500; ++i) {
        sink.on_log(LogMetadata{.target = "t"}, {}, kTime, std::string(300, c));
      }
    });
  }
  for (auto& writer : writers) writer.join();
  pipe.close_write();
  reader.join();
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string shown = text.substr(at, end + 1 - at);
    const char c = shown[shown.size() - 2];
    ASSERT_EQ(shown, line(Level::kInfo, "t", std::string(300, c)));
    at = end + 1;
  }
  EXPECT_EQ(lines, 1500U);
}

TEST(ConsoleSink, ALineLargerThanThePipeArrivesWhole) {
  Pipe pipe;
  const std::string big(1'000'000, 'x');
  std::thread writer([&] {
    ConsoleSink sink({.fd = pipe.write_end()});
    sink.on_log(LogMetadata{.target = "t"}, {}, kTime, big);
    EXPECT_EQ(sink.lost_lines(), 0U);
  });
  const std::string text = read_line(pipe.read_end());
  writer.join();
  EXPECT_EQ(text, line(Level::kInfo, "t", big));
}

TEST(ConsoleSink, AClosedPipeKillsNobodyAndIsCounted) {
  Pipe pipe;
  pipe.close_read();
  const int status = run_child([&] {
    signal(SIGPIPE, SIG_DFL);
    ConsoleSink sink({.fd = pipe.write_end()});
    sink.on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
    sink.on_log(LogMetadata{.target = "t"}, {}, kTime, "y");
    if (sink.lost_lines() != 2) _exit(1);
  });
  EXPECT_TRUE(exited_with(status, 0)) << status;
}

TEST(ConsoleSink, ABadDescriptorIsCounted) {
  ConsoleSink sink({.fd = -1});
  sink.on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
  EXPECT_EQ(sink.lost_lines(), 1U);
}

TEST(ConsoleSink, AFullNonBlockingPipeLosesTheLineInBoundedTime) {
  Pipe pipe;
  fcntl(pipe.write_end(), F_SETFL, O_NONBLOCK);
  const std::string fill(4096, 'x');
  while (write(pipe.write_end(), fill.data(), fill.size()) > 0) {
  }
  ConsoleSink sink({.fd = pipe.write_end()});
  const auto begin = std::chrono::steady_clock::now();
  sink.on_log(LogMetadata{.target = "t"}, {}, kTime, "x");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(sink.lost_lines(), 1U);
}

TEST(ConsoleSink, ANonBlockingPipeThatIsReadGetsTheWholeLine) {
  const std::string big(300'000, 'x');  // the pipe holds 64 KiB
  bool whole = false;
  for (int tries = 0; tries < 50 && !whole; ++tries) {  // a busy machine may stop the reader 100 ms
    Pipe pipe;
    fcntl(pipe.write_end(), F_SETFL, O_NONBLOCK);
    std::string text;
    std::thread reader([&] { text = read_line(pipe.read_end()); });
    ConsoleSink sink({.fd = pipe.write_end()});
    sink.on_log(LogMetadata{.target = "t"}, {}, kTime, big);
    if (sink.lost_lines() != 0) pipe.close_write();
    reader.join();
    whole = text == line(Level::kInfo, "t", big);
    EXPECT_EQ(whole, sink.lost_lines() == 0);
  }
  EXPECT_TRUE(whole);
}

void ignore_signal(int) {}

TEST(ConsoleSink, SignalsInterruptNothing) {
  Pipe pipe;
  struct sigaction action {};
  action.sa_handler = ignore_signal;  // without SA_RESTART: write(2) returns EINTR
  struct sigaction previous {};
  sigaction(SIGUSR1, &action, &previous);
  const std::string big(1'000'000, 'x');
  std::atomic<bool> done{false};
  ConsoleSink sink({.fd = pipe.write_end()});
  std::thread writer([&] {
    sink.on_log(LogMetadata{.target = "t"}, {}, kTime, big);
    done = true;
  });
  std::string text;
  std::thread reader([&] { text = read_line(pipe.read_end()); });
  while (!done) {
    pthread_kill(writer.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  writer.join();
  if (sink.lost_lines() != 0) pipe.close_write();
  reader.join();
  sigaction(SIGUSR1, &previous, nullptr);
  EXPECT_EQ(sink.lost_lines(), 0U);
  EXPECT_EQ(text.size(), line(Level::kInfo, "t", big).size());
}

}  // namespace
}  // namespace micromegas
