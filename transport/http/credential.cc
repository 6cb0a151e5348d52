// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/credential.h"

#include <algorithm>

namespace micromegas::http {
namespace {

class ApiKey final : public Credential {
 public:
  explicit ApiKey(std::string_view key) {
    if (key.empty()) return;
    constexpr std::string_view kScheme = "Bearer ";
    // Once and at full size: growing would be one more copy to wipe.
    std::string header;
    header.reserve(kScheme.size() + key.size());
    header.append(kScheme).append(key);
    header_ = Secret(header);
    wipe(header);
  }
  std::string_view authorization() override { return header_.reveal(); }

 private:
  Secret header_;
};

}  // namespace

Result<std::shared_ptr<Credential>> make_api_key(std::string key, std::string_view option) {
  constexpr std::size_t kLongest = 4096;
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  const std::size_t size = key.size();
  std::shared_ptr<Credential> credential;
  if (printable && size <= kLongest) credential = std::make_shared<ApiKey>(key);
  wipe(key);
  if (!printable) {
    return Error(std::string(option) +
                 " (not shown) has a space, a control or a non-ASCII character: it cannot be sent "
                 "in a header; check for a line end that came along");
  }
  if (size > kLongest) {
    return Error(std::string(option) + " (not shown) is " + std::to_string(size) +
                 " bytes long: the limit is 4096");
  }
  return credential;
}

}  // namespace micromegas::http
