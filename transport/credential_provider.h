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

#include <string.h>

#include <chrono>
#include <optional>
#include <string>

namespace micromegas {

class CredentialProvider {
 public:
  struct Answer {
    enum class Kind { kCredential, kWait, kGiveUp };

    // `authorization`: the header's whole value; the copy given here is overwritten. `lifetime`
    // from now; none: until it is refused.
    static Answer credential(std::string authorization,
                             std::optional<std::chrono::seconds> lifetime = std::nullopt) {
      return Answer(Kind::kCredential, authorization, lifetime);
    }
    // Not now; asked again after 1 s, 2 s, 4 s ... a minute. `why` is printed: no secret in it.
    static Answer wait(std::string why) { return Answer(Kind::kWait, why, std::nullopt); }
    // Asking again will not help until somebody has mended something; asked every 5 minutes.
    static Answer give_up(std::string why) { return Answer(Kind::kGiveUp, why, std::nullopt); }

    Answer() = default;
    Answer(Answer&& other) noexcept : Answer(other.kind, other.text, other.lifetime) {}
    Answer& operator=(Answer&& other) noexcept {
      if (this == &other) return *this;
      kind = other.kind;
      take(other.text);
      lifetime = other.lifetime;
      return *this;
    }
    ~Answer() { wipe(text); }

    Kind kind = Kind::kWait;
    std::string text = {};
    std::optional<std::chrono::seconds> lifetime = {};

   private:
    Answer(Kind k, std::string& taken, std::optional<std::chrono::seconds> time) noexcept
        : kind(k), lifetime(time) {
      take(taken);
    }
    // A short text stays where it was, also when it is swapped.
    void take(std::string& other) noexcept {
      wipe(text);
      text.swap(other);
      wipe(other);
    }
    // All of the room, whatever is said to be in it; takes no memory.
    static void wipe(std::string& secret) noexcept {
      secret.resize(secret.capacity());
      explicit_bzero(secret.data(), secret.size());
      secret.clear();
    }
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
