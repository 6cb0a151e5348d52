// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A folder that is gone after the test.
#ifndef MICROMEGAS_TESTS_COLLECTOR_TEMP_FOLDER_H_
#define MICROMEGAS_TESTS_COLLECTOR_TEMP_FOLDER_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace micromegas::testing {

class TempFolder {
 public:
  TempFolder() : path_(::testing::TempDir() + "/collector-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace micromegas::testing

#endif  // MICROMEGAS_TESTS_COLLECTOR_TEMP_FOLDER_H_
