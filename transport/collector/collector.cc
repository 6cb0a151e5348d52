// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/collector.h"

#include <optional>
#include <string_view>
#include <utility>

#include "micromegas/platform/diagnostics.h"
#include "micromegas/transport/collector/folder.h"
#include "micromegas/transport/collector/http_server.h"
#include "micromegas/transport/collector/store.h"

namespace micromegas::collector {
namespace {

constexpr std::string_view kPrefix = "/ingestion/insert_";

// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(i < b.size() ? b[i] : '\0');
  }
  return difference == 0;
}

std::optional<BodyKind> kind_of(std::string_view path) {
  if (!path.starts_with(kPrefix)) return std::nullopt;
  path.remove_prefix(kPrefix.size());
  for (const BodyKind kind : {BodyKind::kProcess, BodyKind::kStream, BodyKind::kBlock}) {
    if (path == to_string(kind)) return kind;
  }
  return std::nullopt;
}

}  // namespace

class Collector::Impl final : public HttpHandler {
 public:
  explicit Impl(CollectorOptions options)
      : options_(std::move(options)),
        store_({.max_processes = options_.max_processes,
                .max_streams = options_.max_streams,
                .max_metadata_bytes = options_.max_metadata_bytes,
                .max_block_ids = options_.max_block_ids,
                .max_pending_blocks = options_.max_pending_blocks,
                .max_pending_bytes = options_.max_pending_bytes,
                .decode = options_.decode},
               options_.observer) {}

  Result<void> start() {
    if (!options_.save_folder.empty()) {
      auto folder = FolderWriter::open(options_.save_folder);
      if (!folder) return folder.error();
      folder_ = std::move(*folder);
    }
    auto server = HttpServer::start(options_.address, options_.port,
                                    {.max_header_bytes = options_.max_header_bytes,
                                     .max_body_bytes = options_.max_body_bytes,
                                     .max_total_body_bytes = options_.max_total_body_bytes,
                                     .max_connections = options_.max_connections,
                                     .idle_timeout = options_.idle_timeout,
                                     .header_timeout = options_.header_timeout,
                                     .body_timeout = options_.body_timeout},
                                    *this);
    if (!server) return server.error();
    server_ = std::move(*server);
    return {};
  }

  void stop() {
    server_->stop();
    store_.finish();
  }

  std::optional<HttpReply> check(const HttpHead& head) override {
    if (head.path == "/health" || head.path == "/ready") {
      if (head.method == "GET" || head.method == "HEAD") return std::nullopt;
      return HttpReply{405, "use GET", "GET, HEAD"};
    }
    if (!kind_of(head.path)) {
      return HttpReply{404,
                       "no such path; there are /ingestion/insert_process, "
                       "/ingestion/insert_stream, /ingestion/insert_block, /health and /ready",
                       {}};
    }
    if (head.method != "POST") return HttpReply{405, "use POST", "POST"};
    if (!options_.api_key.empty() &&
        !same_secret(head.authorization, "Bearer " + options_.api_key)) {
      return HttpReply{401, "Invalid token", {}};
    }
    return std::nullopt;
  }

  HttpReply handle(const HttpHead& head, std::string body) override {
    const auto kind = kind_of(head.path);
    if (!kind) return {};  // /health, /ready
    const Store::Answer answer = insert(*kind, body);
    HttpReply reply{200, answer.reason, {}};
    if (answer.outcome == Store::Outcome::kBad) {
      reply = {400, "Bad request: " + answer.reason, {}};
    } else if (answer.outcome == Store::Outcome::kFull) {
      reply.status = 503;
    }
    if (reply.status != 200) store_.count_refused(reply.status, reply.text);
    if (folder_ && reply.status != 503) {
      // The books are done: a full disk must not make the client send again what was counted.
      if (auto saved = folder_->write(*kind, body, reply.status != 200); !saved) {
        diagnose("collector.save", saved.error().message());
      }
    }
    return reply;
  }

  void on_refused(unsigned status, std::string_view reason) override {
    store_.count_refused(status, reason);
  }

  const CollectorOptions options_;
  Store store_;
  std::optional<FolderWriter> folder_;
  std::unique_ptr<HttpServer> server_;  // last: its thread uses the rest

 private:
  Store::Answer insert(BodyKind kind, std::string_view body) {
    switch (kind) {
      case BodyKind::kProcess:
        return store_.insert_process(body);
      case BodyKind::kStream:
        return store_.insert_stream(body);
      case BodyKind::kBlock:
        break;
    }
    return store_.insert_block(body);
  }
};

Collector::Collector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Collector::~Collector() { stop(); }

Result<std::unique_ptr<Collector>> Collector::start(CollectorOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<Collector>(new Collector(std::move(impl)));
}

std::uint16_t Collector::port() const noexcept { return impl_->server_->port(); }

std::string Collector::url() const {
  const std::string& address = impl_->options_.address;
  const bool is_v6 = address.find(':') != std::string::npos;
  return "http://" + (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

void Collector::stop() { impl_->stop(); }
CollectorStats Collector::stats() const { return impl_->store_.stats(); }
std::vector<SpanSummary> Collector::span_summaries() const {
  return impl_->store_.span_summaries();
}
bool Collector::has_block(const Uuid& block_id) const { return impl_->store_.has_block(block_id); }
bool Collector::wait_for(const std::function<bool(const CollectorStats&)>& reached,
                         std::chrono::milliseconds timeout) const {
  return impl_->store_.wait_for(reached, timeout);
}

}  // namespace micromegas::collector
