// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/testing.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace micromegas::testing {
namespace {

constexpr std::size_t kMostShown = 20;

std::string in_braces(const MemorySink::Properties& properties) {
  if (properties.empty()) return {};
  std::string text = " {";
  for (const auto& p : properties) {
    if (text.size() > 2) text += ", ";
    text += p.name + "=" + p.value;
  }
  return text + "}";
}

bool has_all(const MemorySink::Properties& properties, const std::vector<Property>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Property& w) {
    return std::any_of(properties.begin(), properties.end(),
                       [&](const auto& p) { return p.name == w.name && p.value == w.value; });
  });
}

double value_of(const MemorySink::Metric& metric) {
  return metric.is_float ? metric.number : static_cast<double>(metric.integer);
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

bool matches(const MemorySink::Log& log, const LogQuery& query) {
  return (!query.level || log.level == *query.level) &&
         (!query.target || log.source.target == *query.target) &&
         log.text.find(query.contains) != std::string::npos &&
         has_all(log.properties, query.properties);
}

bool matches(const MemorySink::Metric& metric, const MetricQuery& query) {
  return (!query.name || metric.name == *query.name) &&
         (!query.target || metric.source.target == *query.target) &&
         (!query.unit || metric.unit == *query.unit) &&
         (!query.value || value_of(metric) == *query.value) &&
         has_all(metric.properties, query.properties);
}

template <class Span>  // of a thread, or asynchronous
bool matches(const Span& span, const SpanQuery& query) {
  return (!query.name || span.name == *query.name) &&
         (!query.target || span.source.target == *query.target) &&
         has_all(span.properties, query.properties);
}

// " with level ERROR, target net"
class Wish {
 public:
  void add(std::string_view what, std::string_view value) {
    text_ += text_.empty() ? " with " : ", ";
    text_.append(what).append(" ").append(value);
  }
  void add(const std::vector<Property>& properties) {
    for (const Property& p : properties) {
      add("property", std::string(p.name) + "=" + std::string(p.value));
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string wish_of(const LogQuery& query) {
  Wish wish;
  if (query.level) wish.add("level", to_string(*query.level));
  if (query.target) wish.add("target", *query.target);
  if (!query.contains.empty()) wish.add("text containing", query.contains);
  wish.add(query.properties);
  return "log(s)" + wish.text();
}

std::string wish_of(const MetricQuery& query) {
  Wish wish;
  if (query.name) wish.add("name", *query.name);
  if (query.target) wish.add("target", *query.target);
  if (query.unit) wish.add("unit", *query.unit);
  if (query.value) wish.add("value", number(*query.value));
  wish.add(query.properties);
  return "metric(s)" + wish.text();
}

std::string wish_of(const SpanQuery& query) {
  Wish wish;
  if (query.name) wish.add("name", *query.name);
  if (query.target) wish.add("target", *query.target);
  wish.add(query.properties);
  return "span(s)" + wish.text();
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "micromegas::testing::Recorder: %s\n", why.c_str());
  std::abort();
}

template <class Event, class Query>
Verdict expect(std::size_t wanted, const Query& query, const std::vector<Event>& events) {
  const auto found = static_cast<std::size_t>(std::count_if(
      events.begin(), events.end(), [&](const Event& event) { return matches(event, query); }));
  if (found == wanted) return Verdict();
  std::string message = "expected " + std::to_string(wanted) + " " + wish_of(query) +
                        "; there are " + std::to_string(found) + " among these " +
                        std::to_string(events.size()) + ":";
  // The last ones: what went wrong is likely near.
  const std::size_t first = events.size() - std::min(events.size(), kMostShown);
  if (first > 0) message += "\n  ... " + std::to_string(first) + " before";
  for (std::size_t i = first; i < events.size(); ++i) {
    message += matches(events[i], query) ? "\n* " : "\n  ";
    message += describe(events[i]);
  }
  return Verdict(std::move(message));
}

}  // namespace

std::string describe(const MemorySink::Log& log) {
  return std::string(to_string(log.level)) + " [" + log.source.target + "] " + log.text +
         in_braces(log.properties);
}

std::string describe(const MemorySink::Metric& metric) {
  const std::string value =
      metric.is_float ? number(metric.number) : std::to_string(metric.integer);
  return "[" + metric.source.target + "] " + metric.name + " = " + value + " " + metric.unit +
         in_braces(metric.properties);
}

std::string describe(const MemorySink::ThreadSpan& span) {
  return "[" + span.source.target + "] " + span.name + ", " +
         std::to_string(span.end - span.begin) + " ns, depth " + std::to_string(span.depth) +
         in_braces(span.properties);
}

std::string describe(const MemorySink::AsyncSpan& span) {
  return "[" + span.source.target + "] " + span.name + ", " +
         std::to_string(span.end - span.begin) + " ns, id " + std::to_string(span.span_id) +
         ", parent " + std::to_string(span.parent_span_id) + ", depth " +
         std::to_string(span.depth) + in_braces(span.properties);
}

std::string describe(const MemorySink::Image& image) {
  return image.name + ", " + image.format + ", " + std::to_string(image.data.size()) + " bytes";
}

Recorder::Recorder(Threads threads) : sink_(std::make_shared<MemorySink>()) {
  using Which = pipeline::Capture::Threads;
  auto started =
      pipeline::Capture::start(sink_, threads == kAllThreads ? Which::kAll : Which::kThose);
  if (!started) give_up(started.error().message());
  capture_ = std::move(*started);
  if (threads == kThisThread) join();
}

void Recorder::join() {
  if (!capture_->join_current_thread()) {
    give_up("a thread could not be let in: telemetry does not answer; is a sink stuck?");
  }
}

void Recorder::leave() noexcept {
  if (!capture_->leave_current_thread()) left_late_ = true;
}

std::string Recorder::why_not() {
  if (!capture_->flush()) {
    return "not everything that was recorded is here: telemetry does not answer; is a sink stuck?";
  }
  if (left_late_) {
    return "a Join could not end in time: what its thread recorded after it may be here";
  }
  return {};
}

MemorySink& Recorder::sink() {
  if (const std::string why = why_not(); !why.empty()) give_up(why);
  return *sink_;
}

Verdict Recorder::expect_logs(std::size_t count, const LogQuery& query) {
  if (std::string why = why_not(); !why.empty()) return Verdict(std::move(why));
  return expect(count, query, sink_->logs());
}
Verdict Recorder::expect_metrics(std::size_t count, const MetricQuery& query) {
  if (std::string why = why_not(); !why.empty()) return Verdict(std::move(why));
  return expect(count, query, sink_->metrics());
}
Verdict Recorder::expect_spans(std::size_t count, const SpanQuery& query) {
  if (std::string why = why_not(); !why.empty()) return Verdict(std::move(why));
  return expect(count, query, sink_->thread_spans());
}
Verdict Recorder::expect_async_spans(std::size_t count, const SpanQuery& query) {
  if (std::string why = why_not(); !why.empty()) return Verdict(std::move(why));
  return expect(count, query, sink_->async_spans());
}

}  // namespace micromegas::testing
