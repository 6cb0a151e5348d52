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
    header_ = Secret("Bearer ");
    header_.append(key);
  }
  std::string_view authorization() override { return header_.reveal(); }

 private:
  Secret header_;
};

}  // namespace

Result<std::shared_ptr<Credential>> make_api_key(std::string_view key, std::string_view option) {
  constexpr std::size_t kLongest = 4096;
  const bool printable =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!printable) {
    return Error(std::string(option) +
                 " (not shown) has a space, a control or a non-ASCII character: it cannot be sent "
                 "in a header; check for a line end that came along");
  }
  if (key.size() > kLongest) {
    return Error(std::string(option) + " (not shown) is " + std::to_string(key.size()) +
                 " bytes long: the limit is 4096");
  }
  return std::shared_ptr<Credential>(std::make_shared<ApiKey>(key));
}

}  // namespace micromegas::http
