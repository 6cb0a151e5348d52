"""Programs as small as they get, however the rest is built: -Oz, no exceptions, no threads."""

def _smallest_impl(_settings, _attr):
    return {
        "//command_line_option:compilation_mode": "opt",
        "//command_line_option:copt": ["-Oz"],
        "//command_line_option:features": [],
        "//command_line_option:linkopt": ["-Oz"],
    }

_smallest = transition(
    implementation = _smallest_impl,
    inputs = [],
    outputs = [
        "//command_line_option:compilation_mode",
        "//command_line_option:copt",
        "//command_line_option:features",
        "//command_line_option:linkopt",
    ],
)

def _impl(ctx):
    # In a place that is known: the transition's own has a hash in its name.
    files = []
    for file in ctx.files.programs:
        link = ctx.actions.declare_file(ctx.label.name + "/" + file.basename)
        ctx.actions.symlink(output = link, target_file = file)
        files.append(link)
    return [DefaultInfo(files = depset(files))]

smallest = rule(
    implementation = _impl,
    attrs = {
        "programs": attr.label_list(cfg = _smallest, doc = "wasm_cc_binary targets."),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
