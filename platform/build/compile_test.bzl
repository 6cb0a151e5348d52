"""Tests of what the compiler says.

    mm_compile_fail_test(
        name = "format_must_not_compile",
        src = "format_cases.cc",
        cases = {
            # preprocessor symbol -> regular expression that the compiler's words must match
            "MISSING_ARGUMENT": "more placeholders than arguments",
        },
        deps = ["//:instrument"],
    )

The file must compile as it is, without a warning: that is the control, with the very same flags. With
-DMISSING_ARGUMENT it must not compile, and say why. Each case and compiler counts as a test case.

    mm_header_test(
        name = "instrument_headers_test",
        deps = ["//:instrument"],
        hidden = "/(asio|boost)/",       # no header below a path like this may be reached
        not_in_graph = "/openssl/|-lssl",
    )

Each header of the deps compiles alone, twice included, with -fno-exceptions -fno-rtti and no warning.
`hidden` speaks of what the headers include, `not_in_graph` of everything the deps depend on.
"""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load(":platforms.bzl", "NATIVE_ONLY")

_COMPILERS = ["g++", "clang++-14"]
_FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

def _contexts(deps):
    return [dep[CcInfo].compilation_context for dep in deps]

def _probe(ctx, name, compiler, src, flags):
    """Compiles src; returns the files that hold what the compiler said, its exit code and what it read."""
    said = ctx.actions.declare_file("%s_/%s.said" % (ctx.label.name, name))
    code = ctx.actions.declare_file("%s_/%s.code" % (ctx.label.name, name))
    read = ctx.actions.declare_file("%s_/%s.d" % (ctx.label.name, name))
    contexts = _contexts(ctx.attr.deps)
    args = ctx.actions.args()
    args.add(compiler)
    args.add_all(flags)
    args.add("-MD")
    args.add("-MF", read)
    for context in contexts:
        args.add_all(context.defines, format_each = "-D%s")
        args.add_all(context.quote_includes, before_each = "-iquote")
        args.add_all(context.includes, before_each = "-I")
        args.add_all(context.system_includes, before_each = "-isystem")
    args.add(src)
    ctx.actions.run_shell(
        outputs = [said, code, read],
        inputs = depset([src], transitive = [context.headers for context in contexts]),
        arguments = [said.path, code.path, read.path, args],
        command = """
said=$1 code=$2 read=$3 compiler=$4
shift 4
# Elsewhere than on Debian the version is not in the name.
command -v "$compiler" >/dev/null || compiler=${compiler%%-*}
"$compiler" "$@" >"$said" 2>&1
echo $? >"$code"
touch "$read"
""",
        mnemonic = "CompileProbe",
        progress_message = "Asking %s about %s" % (compiler, src.short_path),
        use_default_shell_env = True,
    )
    return [said, code, read]

def _test(ctx, checks):
    """A test that judges probes. checks: (case name, kind, regular expression, files of the probe)."""
    lines = []
    files = [ctx.file._judge]
    for name, kind, pattern, probe in checks:
        lines.append("\t".join([name, kind, pattern or "-"] + [f.short_path for f in probe]))
        files.extend(probe)
    manifest = ctx.actions.declare_file(ctx.label.name + "_/checks")
    ctx.actions.write(manifest, "\n".join(lines) + "\n")
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        script,
        "#!/usr/bin/env bash\nexec %s %s %s\n" % (ctx.file._judge.short_path, manifest.short_path, ctx.label.name),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files + [manifest]),
    )]

def _compile_fail_impl(ctx):
    checks = []
    for compiler in _COMPILERS:
        control = _probe(ctx, "control." + compiler, compiler, ctx.file.src, _FLAGS)
        checks.append(("control." + compiler, "compiles", None, control))
        for case, pattern in ctx.attr.cases.items():
            name = case + "." + compiler
            probe = _probe(ctx, name, compiler, ctx.file.src, _FLAGS + ["-D" + case])
            checks.append((name, "refused", pattern, probe))
    return _test(ctx, checks)

_JUDGE = attr.label(
    default = Label("//platform/build:judge_probes.sh"),
    allow_single_file = True,
)

_compile_fail_test = rule(
    implementation = _compile_fail_impl,
    attrs = {
        "cases": attr.string_dict(mandatory = True),
        "deps": attr.label_list(providers = [CcInfo]),
        "src": attr.label(allow_single_file = [".cc"], mandatory = True),
        "_judge": _JUDGE,
    },
    test = True,
)

def _graph(ctx):
    """A file that names every header and link option of everything that the deps depend on."""
    graph = ctx.actions.declare_file(ctx.label.name + "_/graph")
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    for dep in ctx.attr.deps:
        args.add_all(dep[CcInfo].compilation_context.headers)
        for linked in dep[CcInfo].linking_context.linker_inputs.to_list():
            args.add_all(linked.user_link_flags)
    ctx.actions.write(graph, args)
    return graph

def _header_test_impl(ctx):
    checks = []
    seen = {}
    if ctx.attr.not_in_graph:
        graph = _graph(ctx)
        checks.append(("graph", "hides", ctx.attr.not_in_graph, [graph, graph, graph]))
    for context in _contexts(ctx.attr.deps):
        for header in context.direct_public_headers:
            parts = header.path.split("/_virtual_includes/")
            if len(parts) != 2 or not header.path.endswith(".h"):
                continue
            path = parts[1][parts[1].index("/") + 1:]
            if path in seen:
                continue
            seen[path] = True
            src = ctx.actions.declare_file("%s_/%s.cc" % (ctx.label.name, path))
            ctx.actions.write(src, "#include \"%s\"\n#include \"%s\"\n" % (path, path))
            for compiler in _COMPILERS:
                name = "%s.%s" % (path, compiler)
                probe = _probe(ctx, name, compiler, src, _FLAGS + ["-fno-exceptions", "-fno-rtti"])
                checks.append((name, "compiles", None, probe))
                if ctx.attr.hidden:
                    checks.append((name + ".hides", "hides", ctx.attr.hidden, probe))
                if ctx.attr.cxx20_error:
                    old = _probe(ctx, name + ".cxx17", compiler, src, _FLAGS + ["-std=c++17"])
                    checks.append((name + ".cxx17", "refused", "#error.*C\\+\\+20", old))
    if not seen:
        fail("no header found in deps")
    return _test(ctx, checks)

_header_test = rule(
    implementation = _header_test_impl,
    attrs = {
        "cxx20_error": attr.bool(),
        "deps": attr.label_list(mandatory = True, providers = [CcInfo]),
        "hidden": attr.string(),
        "not_in_graph": attr.string(),
        "_judge": _JUDGE,
    },
    test = True,
)

def mm_compile_fail_test(name, src, cases, deps = [], tags = [], **kwargs):
    """Each case must not compile, and the file without any case must.

    Args:
      name: name.
      src: the file, whose cases are between #ifdef CASE and #endif.
      cases: preprocessor symbol -> extended regular expression to find in the compiler's output.
      deps: libraries whose headers the file includes.
      tags: further tags.
      **kwargs: as for other tests.
    """
    _compile_fail_test(
        name = name,
        size = "small",
        src = src,
        cases = cases,
        tags = tags + ["nosanitizer"],
        target_compatible_with = NATIVE_ONLY,  # asks the compilers of the machine
        deps = deps,
        **kwargs
    )

def mm_header_test(name, deps, hidden = "", not_in_graph = "", cxx20_error = False, tags = [], **kwargs):
    """Each public header of deps compiles alone, on both compilers.

    Args:
      name: name.
      deps: libraries whose own headers (not those of their deps) are tested.
      hidden: extended regular expression; no file that a header reaches may match it.
      not_in_graph: extended regular expression; no header or link option of the whole graph may match.
      cxx20_error: also demand an #error that names C++20 where the language is older.
      tags: further tags.
      **kwargs: as for other tests.
    """
    _header_test(
        name = name,
        size = "small",
        hidden = hidden,
        not_in_graph = not_in_graph,
        cxx20_error = cxx20_error,
        tags = tags + ["nosanitizer"],
        target_compatible_with = NATIVE_ONLY,  # asks the compilers of the machine
        deps = deps,
        **kwargs
    )
