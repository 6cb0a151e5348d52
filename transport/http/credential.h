// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// How requests say who sends them.
#ifndef MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_
#define MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_

#include <memory>
#include <string>
#include <string_view>

#include "micromegas/platform/result.h"
#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

class Credential {
 public:
  virtual ~Credential() = default;
  // The value of the Authorization header; empty: none is sent. Asked for each request, on the
  // upload thread: must not block. The view holds until the next call.
  virtual std::string_view authorization() = 0;
};

// "Bearer KEY". Wipes `key`, the copy it was given. An error, without the key in it, if a header
// cannot carry the key. An empty key gives a credential that sends nothing.
Result<std::shared_ptr<Credential>> make_api_key(std::string key, std::string_view option);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_CREDENTIAL_H_
