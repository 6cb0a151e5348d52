"""The flags of the toolchain over Emscripten.

Features, for a whole build (--features=exceptions) or a target (features = [...]); the names are those
of emsdk's toolchain:

    exceptions     C++ exceptions. Without it, which is the default, a throw ends the program.
    use_pthreads   threads: shared memory and workers.
"""

load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "with_feature_set",
)
load("@rules_cc//cc/common:cc_common.bzl", "cc_common")

_COMPILE = [
    "assemble",
    "c++-compile",
    "c++-header-parsing",
    "c++-module-codegen",
    "c++-module-compile",
    "c-compile",
    "linkstamp-compile",
    "preprocess-assemble",
]
_LINK = [
    "c++-link-dynamic-library",
    "c++-link-executable",
    "c++-link-nodeps-dynamic-library",
]

# Debian's. Another Emscripten on the PATH says where its headers are by --sysroot.
_INCLUDES = [
    "/usr/share/emscripten/cache/sysroot/include",
    "/usr/lib/llvm-14/lib/clang",
]

def _flags(actions, flags, mode = None):
    return flag_set(
        actions = actions,
        flag_groups = [flag_group(flags = flags)],
        with_features = [with_feature_set(features = [mode])] if mode else [],
    )

def _config_impl(ctx):
    features = [feature(name = mode) for mode in ["opt", "dbg", "fastbuild"]] + [
        feature(
            name = "mode_flags",
            enabled = True,
            flag_sets = [
                _flags(_COMPILE, ["-O2", "-DNDEBUG"], "opt"),
                _flags(_COMPILE, ["-g"], "dbg"),
                _flags(_LINK, ["-O2"], "opt"),
                _flags(_LINK, ["-g"], "dbg"),
            ],
        ),
        feature(name = "exceptions", flag_sets = [_flags(_COMPILE + _LINK, ["-fexceptions"])]),
        feature(name = "use_pthreads", flag_sets = [_flags(_COMPILE + _LINK, ["-pthread"])]),
        # Same bytes wherever it is built.
        feature(
            name = "determinism",
            enabled = True,
            flag_sets = [_flags(_COMPILE, [
                "-Wno-builtin-macro-redefined",
                "-D__DATE__=\"redacted\"",
                "-D__TIMESTAMP__=\"redacted\"",
                "-D__TIME__=\"redacted\"",
            ])],
        ),
    ]
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = "emscripten",
        host_system_name = "local",
        target_system_name = "wasm32-unknown-emscripten",
        target_cpu = "wasm32",
        target_libc = "musl",
        compiler = "emscripten",
        abi_version = "emscripten",
        abi_libc_version = "emscripten",
        cxx_builtin_include_directories = _INCLUDES,
        features = features,
        tool_paths = [
            tool_path(name = "gcc", path = "emcc.sh"),
            tool_path(name = "cpp", path = "emcc.sh"),
            tool_path(name = "ld", path = "emcc.sh"),
            tool_path(name = "ar", path = "emar.sh"),
        ] + [
            tool_path(name = name, path = "/bin/false")
            for name in ["dwp", "gcov", "nm", "objcopy", "objdump", "strip"]
        ],
    )

emscripten_toolchain_config = rule(
    implementation = _config_impl,
    provides = [CcToolchainConfigInfo],
)
