// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Where the library's own lines go while a standard descriptor leads into a capture of what the
// program prints (output_capture.h): past it, or they would come back as new logs.
//
//   const OwnOutput out(2);
//   write_fully(out.fd(), line, kWaitMs);
#ifndef MICROMEGAS_PLATFORM_OWN_OUTPUT_H_
#define MICROMEGAS_PLATFORM_OWN_OUTPUT_H_

namespace micromegas {

// The descriptor stays open while the object lives. Any thread; never waits.
class OwnOutput {
 public:
  explicit OwnOutput(int fd) noexcept;
  ~OwnOutput();
  OwnOutput(const OwnOutput&) = delete;
  OwnOutput& operator=(const OwnOutput&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  const int of_;
  int fd_;
};

// From here on `fd`, 1 or 2, means `instead` to the library; -1: itself again. False if somebody
// may still be writing to the last one after a second: it must stay open.
bool lead_own_output(int fd, int instead) noexcept;
// In a forked child: no descriptor is led elsewhere, and nobody writes.
void forget_own_output() noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_OWN_OUTPUT_H_
