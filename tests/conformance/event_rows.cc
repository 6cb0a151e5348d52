// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// Rows out of the official parser's events.

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>

#include "micromegas/tests/conformance/rows.h"

namespace micromegas::conformance {
namespace {

struct Block {
  json head;
  std::vector<json> events;
  bool behind_gap = false;  // of what was recorded before it, something was not to be sent
};

struct Stream {
  json info;
  std::vector<Block> blocks;  // by object_offset
};

// "2026-11-23T16:19:08.775027209Z", "...+00:00": nanoseconds since the epoch.
std::int64_t parse_time(const std::string& text) {
  tm date{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  if (rest == nullptr) throw std::invalid_argument("no time: " + text);
  std::int64_t fraction = 0;
  std::int64_t unit = 1'000'000'000;
  if (*rest == '.') {
    for (++rest; *rest >= '0' && *rest <= '9'; ++rest) {
      fraction = fraction * 10 + (*rest - '0');
      unit /= 10;
    }
  } else {
    unit = 0;
  }
  if (std::string_view(rest) != "Z" && std::string_view(rest) != "+00:00") {
    throw std::invalid_argument("no UTC time: " + text);
  }
  return timegm(&date) * std::int64_t{1'000'000'000} + fraction * unit;
}

class Reader {
 public:
  Rows read(const std::vector<json>& lines) {
    for (const json& line : lines) sort_in(line);
    if (process_.is_null()) throw std::invalid_argument("no process");
    rows_.rows.push_back(process_row());
    for (auto& [id, stream] : streams_) read_stream(id, stream);
    return std::move(rows_);
  }

 private:
  void sort_in(const json& line) {
    if (line.contains("process")) {
      process_ = line.at("process");
    } else if (line.contains("stream")) {
      streams_[line.at("stream").at("stream_id")].info = line.at("stream");
    } else if (line.contains("block")) {
      last_ = &streams_.at(line.at("block").at("stream_id")).blocks;
      last_->push_back({line.at("block"), {}});
    } else {
      last_->back().events.push_back(line);
    }
  }

  json process_row() const {
    return {{"kind", "process"},
            {"id", process_.at("process_id")},
            {"parent", process_.at("parent_process_id")},
            {"exe", process_.at("exe")},
            {"computer", process_.at("computer")},
            {"username", process_.at("username")},
            {"frequency", process_.at("tsc_frequency")},
            {"properties", process_.at("properties")},
            {"time", parse_time(process_.at("start_time"))}};
  }

  void wrong(const json& block, const std::string& what) {
    rows_.wrong.push_back(block.at("file").get<std::string>() + ": " + what);
  }

  void read_stream(const std::string& id, Stream& stream) {
    std::sort(stream.blocks.begin(), stream.blocks.end(), [](const Block& a, const Block& b) {
      return a.head.at("object_offset").get<std::int64_t>() <
             b.head.at("object_offset").get<std::int64_t>();
    });
    if (stream.blocks.empty()) return rows_.wrong.push_back("stream " + id + " has no block");
    const std::string tag = stream.info.at("tags").at(0);
    check_blocks(stream, tag == "cpu");
    open_.clear();
    gap_ = false;
    for (const Block& block : stream.blocks) {
      if (block.behind_gap) {
        leave_open();
        gap_ = true;
      }
      for (const json& line : block.events) {
        const json& event = line.at("event");
        if (tag == "log") {
          read_log(event);
        } else if (tag == "metrics") {
          read_metric(event);
        } else if (tag == "image") {
          read_image(event);
        } else {
          read_span(block.head, event, stream.info);
        }
      }
    }
    leave_open();
  }

  void leave_open() {
    for (const std::size_t row : open_) rows_.rows[row]["end"] = nullptr;
    open_.clear();
  }

  // Only a thread's stream may have a gap, in its offsets and its stamps alike.
  void check_blocks(Stream& stream, bool one_thread) {
    const auto start_ticks = process_.at("start_ticks").get<std::int64_t>();
    const std::int64_t start = parse_time(process_.at("start_time"));
    std::int64_t offset = 0;
    std::int64_t last_end = 0;
    for (Block& block : stream.blocks) {
      const bool is_first = &block == &stream.blocks.front();
      const json& head = block.head;
      const auto number = [&](const char* key) { return head.at(key).get<std::int64_t>(); };
      if (head.at("process_id") != process_.at("process_id")) wrong(head, "another process");
      block.behind_gap = one_thread && number("object_offset") > offset &&
                         (is_first || number("begin_ticks") > last_end);
      if (number("object_offset") != offset && !block.behind_gap) {
        wrong(head, "object_offset is not the number of the events before: " +
                        std::to_string(number("object_offset")) + ", not " +
                        std::to_string(offset));
      }
      offset = number("object_offset") + static_cast<std::int64_t>(block.events.size());
      if (number("nb_objects") != static_cast<std::int64_t>(block.events.size())) {
        wrong(head, "nb_objects is not the number of its events");
      }
      // Ticks are nanoseconds: both stamps say the same.
      if (start + number("begin_ticks") != parse_time(head.at("begin_time")) ||
          start + number("end_ticks") != parse_time(head.at("end_time"))) {
        wrong(head, "its ticks are not its times");
      }
      if (one_thread && !is_first && !block.behind_gap && number("begin_ticks") != last_end) {
        wrong(head, "does not begin where the block before ends");
      }
      last_end = number("end_ticks");
      check_times(block, start_ticks + number("begin_ticks"), start_ticks + number("end_ticks"));
    }
  }

  void check_times(const Block& block, std::int64_t begin, std::int64_t end) {
    std::int64_t last = begin;
    for (const json& line : block.events) {
      const auto time = line.at("event").at("time").get<std::int64_t>();
      if (time < begin || time > end) wrong(block.head, "an event outside: " + line.dump());
      if (time < last) wrong(block.head, "an event out of order: " + line.dump());
      last = time;
    }
  }

  // Ticks are absolute and nanoseconds; only their origin need not be the epoch.
  std::int64_t time_of(const json& event) const {
    return event.at("time").get<std::int64_t>() - process_.at("start_ticks").get<std::int64_t>() +
           parse_time(process_.at("start_time"));
  }

  static json properties_of(const json& event) {
    json properties = event.value("properties", json::object());
    properties.erase("type");
    return properties;
  }

  // As the server's analytics do it; the rows test has their own.
  static std::string render(const std::string& text, const json& properties) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
        out += c;
        ++at;
      } else if (c == '{') {
        const std::size_t end = text.find('}', at);
        out += properties.at(text.substr(at + 1, end - at - 1)).get<std::string>();
        at = end;
      } else {
        out += c;
      }
    }
    return out;
  }

  void read_log(const json& event) {
    const json& from = event.contains("desc") ? event.at("desc") : event;
    json msg = event.contains("msg") ? event.at("msg") : from.at("fmt_str");
    if (event.at("type") == "TaggedLogTemplateEvent") msg = render(msg, properties_of(event));
    rows_.rows.push_back({{"kind", "log"},
                          {"level", from.at("level")},
                          {"target", from.at("target")},
                          {"msg", std::move(msg)},
                          {"properties", properties_of(event)},
                          {"time", time_of(event)}});
  }

  void read_metric(const json& event) {
    const json& desc = event.at("desc");
    rows_.rows.push_back({{"kind", "metric"},
                          {"target", desc.at("target")},
                          {"name", desc.at("name")},
                          {"unit", desc.at("unit")},
                          {"value", event.at("value")},
                          {"properties", properties_of(event)},
                          {"time", time_of(event)}});
  }

  void read_image(const json& event) {
    rows_.rows.push_back({{"kind", "image"},
                          {"name", event.at("name")},
                          {"format", event.at("format")},
                          {"data", event.at("data")},
                          {"time", time_of(event)}});
  }

  void read_span(const json& block, const json& event, const json& stream) {
    const std::string type = event.at("type");
    const bool is_begin = type.starts_with("Begin");
    const bool is_async = type.find("Async") != std::string::npos;
    const json* place = nullptr;
    for (const char* key :
         {"thread_span_desc", "thread_span_location", "span_desc", "span_location"}) {
      if (event.contains(key)) place = &event.at(key);
    }
    if (place == nullptr) throw std::invalid_argument("no span: " + event.dump());
    json row = {{"name", event.contains("name") ? event.at("name") : place->at("name")},
                {"target", place->at("target")},
                {"file", place->at("file")},
                {"line", place->at("line")},
                {"properties", properties_of(event)}};
    if (is_async) {
      row.update({{"kind", "async"},
                  {"event", is_begin ? "begin" : "end"},
                  {"id", event.at("span_id")},
                  {"parent", event.at("parent_span_id")},
                  {"depth", event.at("depth")},
                  {"time", time_of(event)}});
      rows_.rows.push_back(std::move(row));
    } else if (is_begin) {
      row.update({{"kind", "span"},
                  {"thread", stream.at("properties").value("thread-name", "")},
                  {"depth", open_.size() + 1},
                  {"begin", time_of(event)}});
      open_.push_back(rows_.rows.size());
      rows_.rows.push_back(std::move(row));
    } else if (open_.empty() && gap_) {  // its begin was not to be sent
      row.update({{"kind", "span"},
                  {"thread", stream.at("properties").value("thread-name", "")},
                  {"depth", 1},
                  {"begin", nullptr},
                  {"end", time_of(event)}});
      rows_.rows.push_back(std::move(row));
    } else {
      end_span(block, row, event);
    }
  }

  void end_span(const json& block, const json& row, const json& event) {
    if (open_.empty()) return wrong(block, "ends what nobody began: " + event.dump());
    json& begun = rows_.rows[open_.back()];
    open_.pop_back();
    for (const char* key : {"name", "target", "file", "line"}) {
      if (begun.at(key) != row.at(key)) {
        wrong(block,
              "ends another span than the open one: " + event.dump() + ", open is " + begun.dump());
        break;
      }
    }
    begun["properties"] = row.at("properties");
    begun["end"] = time_of(event);
  }

  Rows rows_;
  json process_;
  std::map<std::string, Stream> streams_;
  std::vector<Block>* last_ = nullptr;
  std::vector<std::size_t> open_;  // rows
  bool gap_ = false;               // in the stream, so far
};

}  // namespace

Rows rows_of_events(const std::vector<json>& lines) { return Reader().read(lines); }

}  // namespace micromegas::conformance
