"""What the configured graph of a target holds, and what it must not.

    graph_test(
        name = "graph_test",
        forbidden = ["asio", "-pthread"],     # extended regular expressions
        targets = ["//:telemetry"],
        control = ":everything_forbidden",    # in whose graph each of them is: the test can fail
    )

An aspect walks along every attribute, after each select() has been decided: bazel query would look
through both branches.
"""

load("//wasm:defs.bzl", "RUNS_ON", "TEST_EXEC_GROUPS")

_GraphInfo = provider(fields = ["lines"])

def _collect_impl(target, ctx):
    lines = [str(target.label)]
    transitive = []
    for name in dir(ctx.rule.attr):
        # Compilers and their like are no part of the program.
        if name.startswith("_"):
            continue
        value = getattr(ctx.rule.attr, name)
        for item in value if type(value) == "list" else [value]:
            if type(item) == "Target":
                if _GraphInfo in item:
                    transitive.append(item[_GraphInfo].lines)
                else:
                    lines.append(str(item.label))
            elif name in ["copts", "defines", "linkopts"] and type(item) == "string":
                lines.append(item)
    return [_GraphInfo(lines = depset(lines, transitive = transitive))]

_collect = aspect(
    implementation = _collect_impl,
    attr_aspects = ["*"],
)

def _graph_file(ctx, name, targets):
    out = ctx.actions.declare_file("%s_/%s" % (ctx.label.name, name))
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.add_all(depset(transitive = [target[_GraphInfo].lines for target in targets]))
    ctx.actions.write(out, args)
    return out

def _test_impl(ctx):
    graph = _graph_file(ctx, "graph", ctx.attr.targets)
    control = _graph_file(ctx, "control", [ctx.attr.control])
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, """#!/usr/bin/env bash
set -uo pipefail
graph={graph} control={control} bad=0
(($(wc -l <"$graph") >= {at_least})) || {{ echo "FAILED: only $(wc -l <"$graph") lines in the graph"; bad=1; }}
while IFS= read -r pattern; do
  found=$(grep -E -m 5 -- "$pattern" "$graph") && {{ printf 'FAILED: %s is in the graph:\\n%s\\n' "$pattern" "$found"; bad=1; }}
  grep -qE -- "$pattern" "$control" || {{ echo "FAILED: $pattern is not found in the control's graph"; bad=1; }}
done <<'PATTERNS'
{patterns}
PATTERNS
((bad == 0)) && echo "$(wc -l <"$graph") lines, nothing forbidden"
""".format(
        at_least = ctx.attr.at_least,
        control = control.short_path,
        graph = graph.short_path,
        patterns = "\n".join(ctx.attr.forbidden),
    ), is_executable = True)
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles([graph, control]))]

graph_test = rule(
    implementation = _test_impl,
    attrs = {
        "at_least": attr.int(default = 50, doc = "Lines: a graph of nothing proves nothing."),
        "control": attr.label(aspects = [_collect], mandatory = True),
        "forbidden": attr.string_list(mandatory = True),
        "targets": attr.label_list(aspects = [_collect], mandatory = True),
    },
    exec_compatible_with = RUNS_ON,
    test = True,
    **TEST_EXEC_GROUPS
)
