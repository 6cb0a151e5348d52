// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

TEST(Deps, BeastAndBoostAsioAreThere) {
  boost::asio::io_context context;
  int ran = 0;
  boost::asio::post(context, [&] { ++ran; });
  context.run();
  EXPECT_EQ(ran, 1);

  boost::beast::http::request<boost::beast::http::string_body> request;
  request.target("/insert");
  EXPECT_EQ(request.target(), "/insert");
}
