// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// OAuth 2 client credentials (RFC 6749, 4.4), as the official client uses them: a form to the token
// endpoint, an access token back.
#ifndef MICROMEGAS_TRANSPORT_HTTP_OIDC_H_
#define MICROMEGAS_TRANSPORT_HTTP_OIDC_H_

#include <memory>
#include <string>
#include <string_view>

#include "micromegas/transport/http/client.h"
#include "micromegas/transport/http/outcome.h"
#include "micromegas/transport/http/token_source.h"

namespace micromegas::http {

struct OidcOptions {
  // Its endpoint is the whole URL of the token endpoint; the rest as for any client. No credential.
  ClientOptions client;
  std::string client_id;
  Secret client_secret;
  std::string audience;  // empty: none is asked for
};

std::unique_ptr<TokenSource> make_oidc_source(Loop& loop, OidcOptions options);

// What the token endpoint's answer means.
TokenAnswer read_token_answer(Outcome outcome, std::string_view endpoint);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_OIDC_H_
