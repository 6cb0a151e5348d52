"""The rules of this repository's BUILD files.

    load("//platform/build:micromegas.bzl", "mm_cc_library", "mm_cc_test")

    mm_cc_library(
        name = "queue",
        srcs = ["queue.cc"],
        hdrs = ["queue.h"],               # every header goes into hdrs: include "micromegas/pipeline/queue/queue.h"
        visibility = ["//pipeline:__subpackages__", "//tests:__subpackages__"],
        deps = ["//platform"],
    )

    mm_cc_test(                           # gtest, gmock and main() come by themselves
        name = "queue_test",
        srcs = ["queue_test.cc"],
        deps = ["//pipeline/queue"],
    )

A target is for native platforms only, unless it says `portable = True` (wasm32 too) or gives
target_compatible_with itself. A portable test runs under Node there, as NAME_wasm.

Tags of a test: "notsan" (not run under ThreadSanitizer; say why beside it), "noasan", "noubsan" and
"nosanitizer" (nothing compiled runs in it). "exclusive" runs it alone.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//wasm:defs.bzl", "wasm_cc_test")
load(":platforms.bzl", "NATIVE_ONLY")


_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
]

def _compatible_with(portable):
    return [] if portable else NATIVE_ONLY

def mm_cc_library(name, copts = [], portable = False, target_compatible_with = None, include_root = "/", **kwargs):
    """A cc_library whose headers are reached as "micromegas/<path from the top>".

    Args:
      name: name.
      copts: further compiler options.
      portable: True if it also builds for wasm32.
      target_compatible_with: as for cc_library, instead of `portable`.
      include_root: the folder that counts as the top.
      **kwargs: as for cc_library.
    """
    if target_compatible_with == None:
        target_compatible_with = _compatible_with(portable)
    cc_library(
        name = name,
        copts = _WARNINGS + copts,
        include_prefix = "micromegas",
        strip_include_prefix = include_root,
        target_compatible_with = target_compatible_with,
        **kwargs
    )

def mm_cc_binary(name, copts = [], portable = False, target_compatible_with = None, **kwargs):
    if target_compatible_with == None:
        target_compatible_with = _compatible_with(portable)
    cc_binary(
        name = name,
        copts = _WARNINGS + copts,
        target_compatible_with = target_compatible_with,
        **kwargs
    )

def mm_cc_test(name, copts = [], deps = [], main = True, linkstatic = True, portable = False, **kwargs):
    """A GoogleTest test.

    Args:
      name: name.
      copts: further compiler options.
      deps: libraries; GoogleTest is added.
      main: False if the test brings its own main().
      linkstatic: one plain executable, which starts faster and is what users ship.
      portable: True if it is also a test of wasm32.
      **kwargs: as for cc_test.
    """
    cc_test(
        name = name,
        copts = _WARNINGS + copts,
        linkstatic = linkstatic,
        target_compatible_with = NATIVE_ONLY,
        deps = deps + ["//platform/deps:gtest_main" if main else "//platform/deps:gtest"],
        **kwargs
    )
    if portable:
        wasm_cc_test(
            name = name + "_wasm",
            copts = _WARNINGS + copts,
            main = main,
            deps = deps,
            **kwargs
        )

def mm_cc_fuzz_test(name, srcs, copts = [], deps = [], tags = [], **kwargs):
    """A libFuzzer target (LLVMFuzzerTestOneInput) that replays its corpus when it is run as a test.

    The seed corpus is every file of the folder NAME_corpus beside the BUILD file; each is one test
    case. With --config=fuzz the target is the fuzzer itself: `./dev fuzz` runs each for a while.

    Args:
      name: name.
      srcs: the sources.
      copts: further compiler options.
      deps: libraries.
      tags: further tags.
      **kwargs: as for cc_test.
    """
    corpus = native.glob([name + "_corpus/**"])
    if not corpus:
        fail("%s has no seeds: put some into %s_corpus/" % (name, name))
    cc_test(
        name = name,
        srcs = srcs,
        args = ["$(location %s)" % f for f in corpus],
        copts = _WARNINGS + copts,
        data = corpus,
        linkopts = select({
            "//platform/build:fuzz": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        linkstatic = True,
        tags = tags + ["fuzz"],
        target_compatible_with = NATIVE_ONLY,
        deps = deps + select({
            "//platform/build:fuzz": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
        **kwargs
    )
