// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Credentials of your own: from a vault, a sidecar, a file that is rotated.
//
//   class FromVault : public micromegas::CredentialProvider {
//    public:
//     Answer fetch() override {
//       auto token = vault::read("telemetry");
//       if (!token) return Answer::wait(token.why());
//       return Answer::credential("Bearer " + token->text, token->lifetime);
//     }
//   };
//   auto telemetry = micromegas::init_telemetry({.credential_provider =
//   std::make_shared<FromVault>()});
//
// All credentials of a process must be of one audience: the server hides what came under another.
#ifndef MICROMEGAS_TRANSPORT_CREDENTIAL_PROVIDER_H_
#define MICROMEGAS_TRANSPORT_CREDENTIAL_PROVIDER_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace micromegas {

class CredentialProvider {
 public:
  struct Answer {
    enum class Kind { kCredential, kWait, kGiveUp };

    // `authorization`: the header's whole value. `lifetime` from now; none: until it is refused.
    static Answer credential(std::string authorization,
                             std::optional<std::chrono::seconds> lifetime = std::nullopt) {
      return {Kind::kCredential, std::move(authorization), lifetime};
    }
    // Not now; asked again after 1 s, 2 s, 4 s ... a minute. `why` is printed: no secret in it.
    static Answer wait(std::string why) { return {Kind::kWait, std::move(why), std::nullopt}; }
    // Asking again will not help until somebody has mended something; asked every 5 minutes.
    static Answer give_up(std::string why) { return {Kind::kGiveUp, std::move(why), std::nullopt}; }

    Kind kind = Kind::kWait;
    std::string text = {};
    std::optional<std::chrono::seconds> lifetime = {};
  };

  virtual ~CredentialProvider() = default;

  // Called before the first request, ahead of the end of a lifetime, and when the server has
  // refused what it gave; one call at a time, on a thread of the library that may be kept waiting.
  // A call that has not returned when telemetry ends is left behind: it may use nothing that is
  // destroyed. What it throws counts as wait.
  virtual Answer fetch() = 0;
};

}  // namespace micromegas

#endif  // MICROMEGAS_TRANSPORT_CREDENTIAL_PROVIDER_H_
