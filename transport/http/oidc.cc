// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/http/oidc.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "micromegas/transport/http/json_members.h"
#include "micromegas/transport/http/provider_source.h"

namespace micromegas::http {
namespace {

constexpr std::size_t kMaxAnswerBytes = 256 * 1024;

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '*';
}

void append_form_value(Secret& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char escaped[] = {'%', kHex[byte >> 4], kHex[byte & 15]};
    out.append(is_plain(c) ? std::string_view(&c, 1) : std::string_view(escaped, 3));
  }
}

std::shared_ptr<const Secret> make_form(const OidcOptions& options) {
  auto form = std::make_shared<Secret>("grant_type=client_credentials&client_id=");
  append_form_value(*form, options.client_id);
  form->append("&client_secret=");
  append_form_value(*form, options.client_secret.reveal());
  if (!options.audience.empty()) {
    form->append("&audience=");
    append_form_value(*form, options.audience);
  }
  return form;
}

class OidcSource final : public TokenSource {
 public:
  OidcSource(Loop& loop, OidcOptions options)
      : options_(std::move(options)), client_(loop, client_options(options_)) {}

  void fetch(std::function<void(TokenAnswer)> done) override {
    const auto form = make_form(options_);
    client_.post("", form->reveal(), form,
                 [done = std::move(done), to = options_.client.endpoint.to_string()](
                     Outcome outcome) { done(read_token_answer(std::move(outcome), to)); });
  }

  bool stop(std::chrono::steady_clock::time_point deadline) override {
    return client_.stop_resolver(deadline);
  }

 private:
  static ClientOptions client_options(const OidcOptions& options) {
    ClientOptions client = options.client;
    client.content_type = "application/x-www-form-urlencoded";
    client.keep_body = true;
    client.max_body_bytes = kMaxAnswerBytes;
    client.idle_timeout = std::chrono::milliseconds(0);
    return client;
  }

  OidcOptions options_;
  Client client_;
};

// "invalid_client": the endpoint's word for what is wrong, if it looks like one.
std::string error_word(std::string_view json) {
  std::string word;
  for_each_json_member(json, [&](std::string_view key, std::string_view value) {
    if (key != "error") return;
    const auto text = json_string(value);
    if (!text || text->reveal().size() > 40) return;
    const bool harmless = std::all_of(text->reveal().begin(), text->reveal().end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    if (harmless) word = text->reveal();
  });
  return word;
}

std::optional<std::chrono::seconds> read_lifetime(std::string_view value) {
  if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
  std::int64_t seconds = 0;  // some send a string, some a fraction
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || seconds < 0) return std::nullopt;
  if (stop != value.data() + value.size() && *stop != '.') return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

TokenAnswer read_token_answer(Outcome outcome, std::string_view endpoint) {
  TokenAnswer answer;
  const std::string who = "the token endpoint " + std::string(endpoint);
  if (outcome.kind != Outcome::Kind::kAnswered) {
    answer.error = who + ": " + outcome.error;
    return answer;
  }
  answer.retry_after = outcome.retry_after;
  const unsigned status = outcome.status;
  if (status / 100 != 2) {
    const bool passing = status / 100 == 5 || status == 408 || status == 425 || status == 429;
    answer.kind = passing ? TokenAnswer::Kind::kWait : TokenAnswer::Kind::kGiveUp;
    answer.error = who + " answers " + std::to_string(status);
    const std::string word = error_word(outcome.body.reveal());
    if (!word.empty()) answer.error += " (" + word + ")";
    if (!passing) {
      answer.error +=
          ": correct MICROMEGAS_OIDC_TOKEN_ENDPOINT, MICROMEGAS_OIDC_CLIENT_ID, "
          "MICROMEGAS_OIDC_CLIENT_SECRET or MICROMEGAS_OIDC_AUDIENCE";
    }
    return answer;
  }
  Secret header("Bearer ");
  bool found = false;
  const bool whole = for_each_json_member(
      outcome.body.reveal(), [&](std::string_view key, std::string_view value) {
        if (key == "access_token" && !found) {
          if (const auto token = json_string(value); token && !token->empty()) {
            header.append(token->reveal());
            found = true;
          }
        } else if (key == "expires_in") {
          answer.lifetime = read_lifetime(value);
        }
      });
  if (!whole || !found || !is_sendable(header.reveal())) {
    answer.error = who + " answered " + std::to_string(status) + " without a usable access_token";
    answer.lifetime.reset();
    return answer;
  }
  // No lifetime told: as short as the keeper allows, since it may be.
  if (!answer.lifetime) answer.lifetime = std::chrono::seconds(0);
  answer.kind = TokenAnswer::Kind::kToken;
  answer.authorization = std::move(header);
  return answer;
}

std::unique_ptr<TokenSource> make_oidc_source(Loop& loop, OidcOptions options) {
  return std::make_unique<OidcSource>(loop, std::move(options));
}

}  // namespace micromegas::http
