"""Debian 12's packages as Bazel repositories, under the names of the Bazel Central Registry.

A workspace calls `debian_repositories()` or defines repositories of its own under the same names
first; or it leaves the names alone and points the flags of //platform/deps at its own targets.
"""

load("//platform/deps/debian:system_library.bzl", "system_library")

_INC = "/usr/include/"

# Folders of Boost that Beast and Boost.Asio reach. All of Boost would be 16,000 files, each linked
# into the sandbox of each compilation.
_BOOST_FOLDERS = [
    "align",
    "asio",
    "assert",
    "beast",
    "bind",
    "config",
    "container",
    "container_hash",
    "core",
    "date_time",
    "describe",
    "detail",
    "endian",
    "exception",
    "integer",
    "intrusive",
    "io",
    "iterator",
    "logic",
    "move",
    "mp11",
    "mpl",
    "numeric/conversion",
    "optional",
    "predef",
    "preprocessor",
    "regex",
    "smart_ptr",
    "static_string",
    "system",
    "tuple",
    "type_index",
    "type_traits",
    "utility",
    "variant2",
]

_HEADER = """load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
"""

def _header_library(name, package, target, links, lines = "", header_folders = {}):
    _maybe(
        system_library,
        name = name,
        package = package,
        links = links,
        header_folders = header_folders,
        build = _HEADER + """
cc_library(
    name = "%s",
    hdrs = glob(["include/**"], allow_empty = True),
    includes = ["include"],
    %s
)
""" % (target, lines),
    )

def _maybe(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)

def _libraries():
    _header_library(
        name = "asio",
        package = "libasio-dev",
        target = "asio",
        links = {
            "include/asio": [_INC + "asio"],
            "include/asio.hpp": [_INC + "asio.hpp"],
        },
        lines = 'linkopts = ["-pthread"],',
    )
    _header_library(
        name = "boost_beast",
        package = "libboost1.81-dev",
        target = "boost.beast",
        links = {"include/boost/" + f: [_INC + "boost/" + f] for f in _BOOST_FOLDERS},
        header_folders = {_INC + "boost": "include/boost"},
        lines = 'linkopts = ["-pthread"],',
    )
    _header_library(
        name = "concurrentqueue",
        package = "libconcurrentqueue-dev",
        target = "concurrentqueue",
        links = {
            "concurrentqueue.h": [
                _INC + "concurrentqueue/concurrentqueue.h",
                _INC + "concurrentqueue/moodycamel/concurrentqueue.h",
            ],
        },
        lines = 'textual_hdrs = ["concurrentqueue.h"],',
    )
    _header_library(
        name = "fmt",
        package = "libfmt-dev",
        target = "fmt",
        links = {"include/fmt": [_INC + "fmt"]},
        # Header only: Debian's libfmt.so would escape the sanitizers and tie users to its ABI.
        lines = 'defines = ["FMT_HEADER_ONLY"],',
    )
    _header_library(
        name = "lz4",
        package = "liblz4-dev",
        target = "lz4_frame",
        links = {
            "include/lz4.h": [_INC + "lz4.h"],
            "include/lz4frame.h": [_INC + "lz4frame.h"],
            "include/lz4hc.h": [_INC + "lz4hc.h"],
        },
        lines = 'linkopts = ["-llz4"],',
    )
    _header_library(
        name = "nlohmann_json",
        package = "nlohmann-json3-dev",
        target = "json",
        links = {"include/nlohmann": [_INC + "nlohmann"]},
    )
    _header_library(
        name = "google_benchmark",
        package = "libbenchmark-dev",
        target = "benchmark",
        links = {"include/benchmark": [_INC + "benchmark"]},
        lines = 'linkopts = ["-lbenchmark", "-pthread"],',
    )
    _header_library(
        name = "spdlog",
        package = "libspdlog-dev",
        target = "spdlog",
        links = {"include/spdlog": [_INC + "spdlog"]},
        # Header only, with the {fmt} of everything else.
        lines = """defines = ["SPDLOG_FMT_EXTERNAL"],
    linkopts = ["-pthread"],
    deps = ["@fmt"],""",
    )
    _header_library(
        name = "glog",
        package = "libgoogle-glog-dev",
        target = "glog",
        links = {
            "include/gflags": [_INC + "gflags"],
            "include/glog": [_INC + "glog"],
        },
        lines = 'linkopts = ["-lglog"],',
    )
    _maybe(
        system_library,
        name = "openssl",
        package = "libssl-dev",
        links = {
            "include/openssl": [_INC + "openssl"],
            # configuration.h differs between architectures and lives apart.
            "machine/openssl": [
                _INC + "x86_64-linux-gnu/openssl",
                _INC + "aarch64-linux-gnu/openssl",
                _INC + "riscv64-linux-gnu/openssl",
                _INC + "openssl",
            ],
        },
        build = _HEADER + """
cc_library(
    name = "crypto",
    hdrs = glob(["include/**", "machine/**"]),
    includes = ["include", "machine"],
    linkopts = ["-lcrypto"],
)

cc_library(
    name = "ssl",
    linkopts = ["-lssl"],
    deps = [":crypto"],
)
""",
    )
    _maybe(
        system_library,
        name = "googletest",
        package = "googletest",
        links = {
            "googlemock": ["/usr/src/googletest/googlemock"],
            "googletest": ["/usr/src/googletest/googletest"],
        },
        # From source, so that the sanitizers see it.
        build = _HEADER + """
cc_library(
    name = "gtest",
    srcs = glob(
        ["googletest/src/*.cc", "googletest/src/*.h", "googlemock/src/*.cc"],
        exclude = [
            "googletest/src/gtest-all.cc",
            "googletest/src/gtest_main.cc",
            "googlemock/src/gmock-all.cc",
            "googlemock/src/gmock_main.cc",
        ],
    ),
    hdrs = glob(["googletest/include/**/*.h", "googlemock/include/**/*.h"]),
    copts = ["-w", "-Iexternal/googletest/googletest", "-Iexternal/googletest/googlemock"],
    includes = ["googletest/include", "googlemock/include"],
    linkopts = select({
        "@platforms//cpu:wasm32": [],
        "//conditions:default": ["-pthread"],
    }),
    linkstatic = True,
)

cc_library(
    name = "gtest_main",
    srcs = ["googlemock/src/gmock_main.cc"],
    copts = ["-w"],
    linkstatic = True,
    deps = [":gtest"],
)
""",
    )

_CC_RULES = [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "fdo_prefetch_hints",
    "fdo_profile",
    "objc_import",
    "objc_library",
]

def _bazel_rules():
    """What newer Bazels download, from Debian's packages or, for names that it lacks, re-exports."""
    _maybe(native.local_repository, name = "platforms", path = "/usr/share/bazel/tools/platforms")
    _maybe(native.local_repository, name = "bazel_skylib", path = "/usr/share/bazel/tools/skylib")
    _maybe(native.local_repository, name = "rules_java", path = "/usr/share/bazel/rules/java")

    # Debian's bazel-rules-cc needs Bazel 5; in Bazel 4 the rules are built in.
    _maybe(
        system_library,
        name = "rules_cc",
        package = "bazel-bootstrap",
        build = "",
        files = {
            "cc/BUILD.bazel": "",
            "cc/common/BUILD.bazel": "",
            "cc/common/builtin.bzl": "builtin_CcInfo = CcInfo\nbuiltin_cc_common = cc_common\n",
            "cc/common/cc_common.bzl": 'load(":builtin.bzl", "builtin_cc_common")\n\ncc_common = builtin_cc_common\n',
            "cc/common/cc_info.bzl": 'load(":builtin.bzl", "builtin_CcInfo")\n\nCcInfo = builtin_CcInfo\n',
            "cc/cc_toolchain_config_lib.bzl": """load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    _feature = "feature",
    _flag_group = "flag_group",
    _flag_set = "flag_set",
    _tool_path = "tool_path",
    _with_feature_set = "with_feature_set",
)

feature = _feature
flag_group = _flag_group
flag_set = _flag_set
tool_path = _tool_path
with_feature_set = _with_feature_set
""",
            "cc/defs.bzl": "".join(["%s = native.%s\n" % (r, r) for r in _CC_RULES]),
            "cc/find_cc_toolchain.bzl": """load("@bazel_tools//tools/cpp:toolchain_utils.bzl", _find = "find_cpp_toolchain")

CC_TOOLCHAIN_ATTRS = {"_cc_toolchain": attr.label(default = Label("@bazel_tools//tools/cpp:current_cc_toolchain"))}
find_cc_toolchain = _find
find_cpp_toolchain = _find

def use_cc_toolchain(mandatory = False):
    return ["@bazel_tools//tools/cpp:toolchain_type"]
""",
        },
    )
    _maybe(
        system_library,
        name = "rules_shell",
        package = "bazel-bootstrap",
        build = "",
        files = {
            "shell/BUILD.bazel": "",
            "shell/sh_binary.bzl": "sh_binary = native.sh_binary\n",
            "shell/sh_library.bzl": "sh_library = native.sh_library\n",
            "shell/sh_test.bzl": "sh_test = native.sh_test\n",
        },
    )
    _maybe(
        system_library,
        name = "remote_coverage_tools",
        package = "bazel-bootstrap",
        build = """
filegroup(name = "coverage_report_generator", visibility = ["//visibility:public"])

filegroup(name = "lcov_merger", visibility = ["//visibility:public"])
""",
    )

def debian_repositories():
    """Defines every repository that //... needs, unless one of that name exists already."""
    _bazel_rules()
    _libraries()
