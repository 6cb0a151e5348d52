"""What a program on wasm32 must not hold, and where it is looked for.

An aspect walks along every attribute, after each select() has been decided (bazel query would look
through both branches), and collects labels, link options and the like. It also looks into every
object: a library that is included, or a bare std::thread, needs no label.

For every program that a command builds, which is what ./dev wasm does:

    bazel build --platforms=//platform:wasm32 --aspects=//tests/wasm:graph.bzl%wasm_graph \\
        --output_groups=+wasm_graph //...

As a test, with controls in which each of the patterns is found:

    graph_test(
        name = "graph_test",
        controls = [":everything_forbidden"],
        native_controls = ["//:telemetry"],  # as they are on the native platform
        targets = ["//:telemetry"],
    )
"""

load("//wasm:defs.bzl", "RUNS_ON", "TEST_EXEC_GROUPS")

# Extended regular expressions, for labels and options.
_FORBIDDEN = [
    "^label .*@?(asio|boost[a-z_]*)(//|_)",
    "^label .*platform/deps:(asio|boost|concurrentqueue|lz4|openssl)",
    "^label .*concurrentqueue",
    "^label .*(lz4|openssl)",
    "^option .*-pthread",
    # Ours, and for native platforms only.
    "^label .*//transport",
    "^label .*//pipeline/queue",
    "^label .*//pipeline/flush",
    "^label .*//platform:platform",
    "^label .*//pipeline:native_",
]

# The same for what objects define or import. Without threads, the C library's stub is what a
# std::thread would find.
_FORBIDDEN_SYMBOLS = [
    "^symbol pthread_create",
    "^symbol .*10moodycamel",
    "^symbol .*4asio",
    "^symbol .*5boost",
    "^symbol LZ4",
]
_SYMBOL = "env.(pthread_create|thrd_create)|_ZN[A-Z]*(10moodycamel|4asio|5boost)|LZ4F?_[a-z]+"

_PROGRAMS = ["cc_binary", "cc_test", "_wasm_files", "_wasm_test"]

# incompatible: with the platform, by itself or by what it depends on.
_GraphInfo = provider(fields = ["incompatible", "lines", "symbols"])

def _attributes(ctx):
    """The targets and the options in the attributes of a rule."""
    targets = []
    options = []
    for name in dir(ctx.rule.attr):
        # Compilers and their like are no part of the program.
        if name.startswith("_"):
            continue
        value = getattr(ctx.rule.attr, name)
        for item in value if type(value) == "list" else [value]:
            if type(item) == "Target":
                targets.append(item)
            elif name in ["copts", "defines", "linkopts"] and type(item) == "string":
                options.append(item)
    return targets, options

def _symbols_of(target, ctx):
    """A file with the forbidden symbols in the objects that the target itself compiles."""
    objects = []
    for action in target.actions:
        if action.mnemonic == "CppCompile":
            objects.extend([f for f in action.outputs.to_list() if f.extension == "o"])
    if not objects:
        return []
    out = ctx.actions.declare_file(ctx.label.name + ".wasm_graph_symbols")
    args = ctx.actions.args()
    args.add(out)
    args.add(str(target.label))
    args.add_all(objects)
    ctx.actions.run_shell(
        outputs = [out],
        inputs = objects,
        arguments = [args],
        command = """
set -euo pipefail
out=$1 label=$2
shift 2
# The bytes in front: the module of an import, and the length of the name.
{ LC_ALL=C grep -haoE '%s' "$@" || (($? == 1)); } |
  LC_ALL=C sed "s/^env.//; s|.*|symbol & in $label|" | sort -u >"$out"
""" % _SYMBOL,
        mnemonic = "WasmGraphSymbols",
    )
    return [out]

def _write_lines(ctx, out, infos):
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add_all(depset(transitive = [info.lines for info in infos]))
    ctx.actions.write(out, args)

def _write_patterns(ctx, out):
    ctx.actions.write(out, "\n".join(_FORBIDDEN + _FORBIDDEN_SYMBOLS) + "\n")

def _wasm_graph_impl(target, ctx):
    targets, options = _attributes(ctx)
    infos = [t[_GraphInfo] for t in targets if _GraphInfo in t]
    lines = ["label " + str(target.label)] + ["option " + option for option in options]
    lines += ["label " + str(t.label) for t in targets if _GraphInfo not in t]
    info = _GraphInfo(
        incompatible = any([i.incompatible for i in infos]) or
                       any([t.label.name == "incompatible" for t in targets]),
        lines = depset(lines, transitive = [i.lines for i in infos]),
        symbols = depset(_symbols_of(target, ctx), transitive = [i.symbols for i in infos]),
    )

    # What Bazel does not build needs no look, and programs with threads are programs with threads.
    if ctx.rule.kind not in _PROGRAMS or info.incompatible or getattr(ctx.rule.attr, "threads", False):
        return [info]

    graph = ctx.actions.declare_file(ctx.label.name + ".wasm_graph")
    _write_lines(ctx, graph, [info])
    patterns = ctx.actions.declare_file(ctx.label.name + ".wasm_graph_patterns")
    _write_patterns(ctx, patterns)
    checked = ctx.actions.declare_file(ctx.label.name + ".wasm_graph_checked")
    args = ctx.actions.args()
    args.add(checked)
    args.add(ctx.file._check)
    args.add(str(target.label))
    args.add(patterns)
    args.add(graph)
    args.add_all(info.symbols)
    ctx.actions.run_shell(
        outputs = [checked],
        inputs = depset([patterns, graph], transitive = [info.symbols]),
        tools = [ctx.file._check],
        arguments = [args],
        command = 'out=$1; shift; "$@" && touch "$out"',
        mnemonic = "WasmGraph",
        progress_message = "Looking for what must not be on wasm32 in %s" % target.label,
    )
    return [info, OutputGroupInfo(wasm_graph = depset([checked]))]

_CHECK = attr.label(
    default = "//tests/wasm:check_graph.sh",
    allow_single_file = True,
)

wasm_graph = aspect(
    implementation = _wasm_graph_impl,
    attr_aspects = ["*"],
    attrs = {"_check": _CHECK},
)

def _graph_files(ctx, name, targets):
    out = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, name))
    infos = [target[_GraphInfo] for target in targets]
    _write_lines(ctx, out, infos)
    return [out] + depset(transitive = [info.symbols for info in infos]).to_list()

def _test_impl(ctx):
    graph = _graph_files(ctx, "graph", ctx.attr.targets)
    control = _graph_files(ctx, "control", ctx.attr.controls)
    # The objects of those would have to be compiled: the lines are enough.
    native = _graph_files(ctx, "native", ctx.attr.native_controls)[:1]
    patterns = ctx.actions.declare_file("%s_/patterns" % ctx.label.name)
    _write_patterns(ctx, patterns)
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, """#!/usr/bin/env bash
set -uo pipefail
check={check}
graph=({graph})
control=({control})
bad=0
lines=$(cat "${{graph[@]}}" | wc -l)
((lines >= {at_least} && ${{#graph[@]}} > 1)) || {{ echo "FAILED: only $lines lines in ${{#graph[@]}} files"; bad=1; }}
"$check" 'the targets' {patterns} "${{graph[@]}}" || bad=1
while IFS= read -r pattern; do
  if "$check" 'the controls' <(echo "$pattern") "${{control[@]}}" 2>/dev/null; then
    echo "FAILED: $pattern is not found where it is"
    bad=1
  fi
done <{patterns}
((bad == 0)) && echo "$lines lines in ${{#graph[@]}} files, nothing forbidden"
""".format(
        at_least = ctx.attr.at_least,
        check = ctx.file._check.short_path,
        control = " ".join([f.short_path for f in control + native]),
        graph = " ".join([f.short_path for f in graph]),
        patterns = patterns.short_path,
    ), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(graph + control + native + [patterns, ctx.file._check]),
    )]

graph_test = rule(
    implementation = _test_impl,
    attrs = {
        "at_least": attr.int(default = 50, doc = "Lines: a graph of nothing proves nothing."),
        "controls": attr.label_list(aspects = [wasm_graph], mandatory = True),
        "native_controls": attr.label_list(aspects = [wasm_graph], cfg = "exec", mandatory = True),
        "targets": attr.label_list(aspects = [wasm_graph], mandatory = True),
        "_check": _CHECK,
    },
    exec_compatible_with = RUNS_ON,
    test = True,
    **TEST_EXEC_GROUPS
)
