"""Programs and tests in wasm32, for anyone's BUILD files.

    load("@micromegas_cpp//wasm:defs.bzl", "wasm_cc_binary", "wasm_cc_test")

    wasm_cc_binary(                       # for a page: module.js and module.wasm
        name = "module",
        srcs = ["module.cc"],
        deps = ["@micromegas_cpp//:telemetry"],
    )

    wasm_cc_test(                         # GoogleTest under Node; main() comes by itself
        name = "matchmaker_wasm_test",
        srcs = ["matchmaker_test.cc"],
        deps = [":matchmaker"],
    )

    bazel test --platforms=@micromegas_cpp//platform:wasm32 //...

On other platforms //... leaves both out. They work with this repository's toolchain and with emsdk's.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load("//platform/build:platforms.bzl", "WASM_ONLY")

def _features_impl(settings, attr):
    features = list(settings["//command_line_option:features"])
    for feature, wanted in [("exceptions", attr.exceptions), ("use_pthreads", attr.threads)]:
        if wanted and feature not in features:
            features.append(feature)
    return {"//command_line_option:features": features}

# For the program and all that it is made of: objects with and without exceptions do not mix.
_with_features = transition(
    implementation = _features_impl,
    inputs = ["//command_line_option:features"],
    outputs = ["//command_line_option:features"],
)

_COMMON = {
    "exceptions": attr.bool(doc = "Compile the program and all its libraries with C++ exceptions."),
    "program": attr.label(
        mandatory = True,
        cfg = _with_features,
        doc = "A cc_binary: a script for Node with the wasm in it, or a tar archive of what Emscripten wrote.",
    ),
    "threads": attr.bool(doc = "The same with threads."),
    "_allowlist_function_transition": attr.label(
        default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
    ),
}

def _program(ctx):
    return ctx.attr.program[0][DefaultInfo].files.to_list()[0]

def _test_impl(ctx):
    program = _program(ctx)
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.expand_template(
        template = ctx.file._runner,
        output = script,
        substitutions = {"%PROGRAM%": program.short_path},
        is_executable = True,
    )
    runfiles = ctx.runfiles([program] + ctx.files.data)
    for target in ctx.attr.data + ctx.attr.program:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [
        DefaultInfo(executable = script, runfiles = runfiles),
        testing.TestEnvironment(ctx.attr.env),
    ]

# A test runs where Node does, not where the wasm does: Bazel 9 would look for a machine that is a wasm32.
# Bazel 4 and 5 neither do so nor, without a flag, know the word for it.
RUNS_ON = ["@platforms//os:linux"]
TEST_EXEC_GROUPS = {
    "exec_groups": {"test": exec_group(exec_compatible_with = RUNS_ON)},
} if hasattr(native, "module_name") else {}

_wasm_test = rule(
    implementation = _test_impl,
    attrs = dict(
        _COMMON,
        data = attr.label_list(allow_files = True),
        env = attr.string_dict(),
        _runner = attr.label(
            default = "//wasm:run_in_node.sh",
            allow_single_file = True,
        ),
    ),
    exec_compatible_with = RUNS_ON,
    test = True,
    **TEST_EXEC_GROUPS
)

def wasm_cc_test(
        name,
        srcs = [],
        deps = [],
        main = True,
        copts = [],
        linkopts = [],
        defines = [],
        local_defines = [],
        exceptions = False,
        threads = False,
        data = [],
        testonly = True,
        features = [],
        **kwargs):
    """A GoogleTest test in wasm32, run by Node: exit code, output, filters and XML as natively.

    The test sees the files and the environment of the process.

    Args:
      name: name.
      srcs: sources.
      deps: libraries; GoogleTest is added.
      main: False if the test brings its own main().
      copts: as for cc_binary.
      linkopts: as for cc_binary.
      defines: as for cc_binary.
      local_defines: as for cc_binary.
      exceptions: compile it, with all its libraries, with C++ exceptions.
      threads: the same with threads.
      data: files for the running test.
      testonly: as for other tests.
      features: as for cc_binary.
      **kwargs: as for other tests.
    """
    pre_js = str(Label("//wasm:node_environment.js"))
    cc_binary(
        name = name + "_program",
        srcs = srcs,
        additional_linker_inputs = [pre_js],
        copts = copts,
        defines = defines,
        features = features,
        linkopts = [
            "-sENVIRONMENT=node,worker" if threads else "-sENVIRONMENT=node",
            "-sEXIT_RUNTIME=1",
            # Memory that is shared grows, but then all JavaScript that looks at it is slow.
            "-sINITIAL_MEMORY=134217728" if threads else "-sALLOW_MEMORY_GROWTH=1",
            "-lnodefs.js",
            "-lnoderawfs.js",
            "--pre-js=$(execpath %s)" % pre_js,
        ] + ([
            # Emscripten 3.1.6 starts a worker from a file of its own.
            "-sSINGLE_FILE=0",
            "-sPROXY_TO_PTHREAD=1",
        ] if threads else []) + linkopts,
        linkstatic = True,
        local_defines = local_defines,
        # Only ever built as the test wants it.
        tags = ["manual"],
        target_compatible_with = WASM_ONLY,
        testonly = testonly,
        visibility = ["//visibility:private"],
        deps = deps + [str(Label("//platform/deps:gtest_main" if main else "//platform/deps:gtest"))],
    )
    _wasm_test(
        name = name,
        data = data,
        exceptions = exceptions,
        program = name + "_program",
        target_compatible_with = WASM_ONLY,
        threads = threads,
        **kwargs
    )

def _files_impl(ctx):
    program = _program(ctx)
    js = ctx.actions.declare_file(ctx.label.name + ".js")
    wasm = ctx.actions.declare_file(ctx.label.name + ".wasm")
    ctx.actions.run_shell(
        outputs = [js, wasm],
        inputs = [program],
        arguments = [program.path, js.path, wasm.path],
        command = """
set -euo pipefail
work=$(mktemp -d "$(dirname "$2")/unpack.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xf "$1" -C "$work"
# The script names the wasm.
from=$(basename "$work"/*.wasm)
to=$(basename "$3")
sed "s/${from//./\\.}/$to/g" "$work"/*.js >"$2"
mv "$work/$from" "$3"
""",
        mnemonic = "WasmFiles",
    )
    return [DefaultInfo(files = depset([js, wasm]))]

_wasm_files = rule(
    implementation = _files_impl,
    attrs = _COMMON,
)

def wasm_cc_binary(name, linkopts = [], exceptions = False, testonly = False, visibility = None, tags = [], **kwargs):
    """A program for a page: NAME.js, to be loaded by a script element, and NAME.wasm beside it.

    Args:
      name: name.
      linkopts: further link options: -sEXPORTED_FUNCTIONS, -sMODULARIZE and so on.
      exceptions: compile it, with all its libraries, with C++ exceptions.
      testonly: as for other rules.
      visibility: as for other rules.
      tags: as for other rules.
      **kwargs: as for cc_binary.
    """
    cc_binary(
        name = name + "_program",
        linkopts = ["-sSINGLE_FILE=0"] + linkopts,
        tags = ["manual"],
        target_compatible_with = WASM_ONLY,
        testonly = testonly,
        visibility = ["//visibility:private"],
        **kwargs
    )
    _wasm_files(
        name = name,
        exceptions = exceptions,
        program = name + "_program",
        tags = tags,
        target_compatible_with = WASM_ONLY,
        testonly = testonly,
        visibility = visibility,
    )
