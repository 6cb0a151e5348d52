// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

#include "micromegas/transport/collector/flags.h"

#include <charconv>
#include <optional>
#include <utility>

namespace micromegas::collector {
namespace {

Error wrong(const std::string& what) { return Error(what + "; try --help"); }

Result<void> take(Flags& flags, const std::string& name, std::string value) {
  if (value.empty()) return wrong(name + " needs a value");
  if (name == "--port") {
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), flags.port);
    if (error != std::errc() || end != value.data() + value.size()) {
      return wrong("--port \"" + value + "\" is not a number from 0 to 65535");
    }
  } else if (name == "--address") {
    flags.address = std::move(value);
  } else if (name == "--save") {
    flags.save_folder = std::move(value);
  } else if (name == "--decode") {
    flags.decode_folder = std::move(value);
  } else {
    flags.api_key_env = std::move(value);
  }
  return {};
}

}  // namespace

Result<Flags> parse_flags(std::span<const char* const> arguments) {
  Flags flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const bool has_value = equals != std::string::npos;

    bool* const on = name == "--json"                   ? &flags.json
                     : name == "--quiet"                ? &flags.quiet
                     : name == "--help" || name == "-h" ? &flags.help
                                                        : nullptr;
    if (on != nullptr) {
      if (has_value) return wrong(name + " takes no value");
      *on = true;
      continue;
    }
    if (name != "--port" && name != "--address" && name != "--save" && name != "--decode" &&
        name != "--api-key-env") {
      return wrong("unknown argument " + name);
    }
    std::string value;
    if (has_value) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    }
    if (auto taken = take(flags, name, std::move(value)); !taken) return taken.error();
  }
  if (flags.json && flags.quiet) return wrong("--json and --quiet exclude each other");
  return flags;
}

std::string_view help_text() noexcept {
  return R"(collector: a local receiver of Micromegas telemetry, for development.

  collector [--port N] [--address IP] [--json | --quiet] [--save FOLDER] [--api-key-env NAME]
  collector --decode FOLDER

Takes what an ingestion server takes (POST /ingestion/insert_process, insert_stream, insert_block),
decodes it and prints it. Answers GET /health and GET /ready. Ctrl-C ends it with a summary.
Set MICROMEGAS_TELEMETRY_URL=http://127.0.0.1:8081 in the program that sends.

  --port N            listen there; 0: any free port (default 8081)
  --address IP        listen there (default 127.0.0.1; another one opens it to the network)
  --json              JSON lines instead of rows
  --quiet             print nothing but the summary
  --save FOLDER       write each body to FOLDER: NNNNNN-process.cbor, -stream.cbor, -block.cbor
                      (-refused.cbor: it was answered 400)
  --api-key-env NAME  answer 401 without the API key that the environment variable NAME holds
  --decode FOLDER     print what such a folder holds as JSON lines; 1 if a file cannot be read
  --help              this

It differs from a server in one point: a block whose payload cannot be decoded is answered 400 with
the reason, where a server says 200 and never shows a row of it.
)";
}

}  // namespace micromegas::collector
