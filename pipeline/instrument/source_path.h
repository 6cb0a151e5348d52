// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0

// The path of a source file as events show it: what the compiler was given, which under Bazel
// begins at the workspace, less the first of the roots in which it lies. Cut while compiling.
//
//   -DMICROMEGAS_SOURCE_ROOT='"/home/me/project:/opt/sdk"'   /home/me/project/net/dns.cc:
//   net/dns.cc
//
// A file that lies in none keeps its whole path: two files of one name stay apart.
#ifndef MICROMEGAS_PIPELINE_INSTRUMENT_SOURCE_PATH_H_
#define MICROMEGAS_PIPELINE_INSTRUMENT_SOURCE_PATH_H_

#include <cstddef>
#include <string_view>

// Folders, separated by colons.
#ifndef MICROMEGAS_SOURCE_ROOT
#define MICROMEGAS_SOURCE_ROOT ""
#endif

namespace micromegas::detail {

constexpr std::string_view source_path(std::string_view file, std::string_view roots) noexcept {
  while (!roots.empty()) {
    const std::size_t colon = roots.find(':');
    std::string_view root = roots.substr(0, colon);
    roots = colon == std::string_view::npos ? std::string_view() : roots.substr(colon + 1);
    while (!root.empty() && root.back() == '/') root.remove_suffix(1);
    if (root.empty() || file.substr(0, root.size()) != root) continue;
    std::string_view rest = file.substr(root.size());
    if (rest.empty() || rest.front() != '/') continue;  // only a part of a folder's name
    while (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    if (!rest.empty()) return rest;
  }
  return file;
}

}  // namespace micromegas::detail

#define MICROMEGAS_SOURCE_FILE_ ::micromegas::detail::source_path(__FILE__, MICROMEGAS_SOURCE_ROOT)

#endif  // MICROMEGAS_PIPELINE_INSTRUMENT_SOURCE_PATH_H_
