// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// A client, its thread and its server in the hands of a test.
#ifndef MICROMEGAS_TESTS_HTTP_CLIENT_FIXTURE_H_
#define MICROMEGAS_TESTS_HTTP_CLIENT_FIXTURE_H_

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "micromegas/tests/http/scripted_server.h"
#include "micromegas/transport/http/client.h"

namespace micromegas::http {

class ClientTest : public ::testing::Test {
 protected:
  ~ClientTest() override {
    loop_.stop();
    client_.reset();
  }

  void connect_to(const std::string& url) {
    options_.endpoint = *parse_endpoint(url, "url");
    options_.user_agent = "client_test/1";
    client_ = std::make_unique<Client>(loop_, options_);
    ASSERT_TRUE(loop_.start("client_test"));
  }

  std::future<Outcome> start(const std::string& body = "body") {
    if (!client_) connect_to(server_.url());
    auto promise = std::make_shared<std::promise<Outcome>>();
    loop_.post([this, promise, body] {
      client_->post("/ingestion/insert_block", std::make_shared<const std::string>(body),
                    [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    });
    return promise->get_future();
  }

  Outcome post(const std::string& body = "body") {
    auto future = start(body);
    if (future.wait_for(testing::kPatience) != std::future_status::ready) {
      ADD_FAILURE() << "no outcome";
      return {};
    }
    return future.get();
  }

  testing::ScriptedServer server_;
  ClientOptions options_;
  Loop loop_;
  std::unique_ptr<Client> client_;
};

}  // namespace micromegas::http

#endif  // MICROMEGAS_TESTS_HTTP_CLIENT_FIXTURE_H_
