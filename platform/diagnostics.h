// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// What the library has to say about itself: a rate-limited channel to stderr, never into telemetry
// (a client that logs its own outage feeds it).
#ifndef MICROMEGAS_PLATFORM_DIAGNOSTICS_H_
#define MICROMEGAS_PLATFORM_DIAGNOSTICS_H_

#include <string_view>

namespace micromegas {

// Prints "micromegas: <message>" with one write(2), at most once per `key` and ten seconds; the
// next line of a key says how many were left out. `key` is a literal such as "upload.refused". Any
// thread, never throws, never blocks on anything but stderr itself. No secrets in `message`.
void diagnose(std::string_view key, std::string_view message) noexcept;

// Replaces stderr: `handler` gets the finished line (no newline), after rate limiting; null
// restores stderr. Called on threads of the library; must not throw.
using DiagnosticHandler = void (*)(std::string_view line);
void set_diagnostic_handler(DiagnosticHandler handler) noexcept;

// For the calling thread from here on: no handler, which might wait for this thread.
void bypass_diagnostic_handler() noexcept;

}  // namespace micromegas

#endif  // MICROMEGAS_PLATFORM_DIAGNOSTICS_H_
