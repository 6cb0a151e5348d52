// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A user's CredentialProvider as a TokenSource: each call on a thread of its own, since it may
// block.
#ifndef MICROMEGAS_TRANSPORT_HTTP_PROVIDER_SOURCE_H_
#define MICROMEGAS_TRANSPORT_HTTP_PROVIDER_SOURCE_H_

#include <memory>

#include "micromegas/transport/credential_provider.h"
#include "micromegas/transport/http/loop.h"
#include "micromegas/transport/http/token_source.h"

namespace micromegas::http {

std::unique_ptr<TokenSource> make_provider_source(Loop& loop,
                                                  std::shared_ptr<CredentialProvider> provider);

// Whether a header can carry it: printable, not empty, not absurdly long.
bool is_sendable(std::string_view authorization);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_PROVIDER_SOURCE_H_
