// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Members of a JSON object whose values may be secrets: nothing of it is copied but what is asked
// for, and that into memory that is overwritten. (A JSON library would leave copies behind.)
#ifndef MICROMEGAS_TRANSPORT_HTTP_JSON_MEMBERS_H_
#define MICROMEGAS_TRANSPORT_HTTP_JSON_MEMBERS_H_

#include <functional>
#include <optional>
#include <string_view>

#include "micromegas/transport/http/secret.h"

namespace micromegas::http {

// Calls `visit` for each member of the object `json`: its key and its value as they stand, escapes
// and quotes included. False if it is not an object, or nested deeper than 32; members in front of
// the mistake have been visited.
bool for_each_json_member(std::string_view json,
                          const std::function<void(std::string_view, std::string_view)>& visit);

// The text of a string value; nothing if it is none, or has an escape that is no ASCII character.
std::optional<Secret> json_string(std::string_view value);

}  // namespace micromegas::http

#endif  // MICROMEGAS_TRANSPORT_HTTP_JSON_MEMBERS_H_
