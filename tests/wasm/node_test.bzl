"""A test that is a script for Node, on wasm32: it gets the paths of its data as arguments."""

load("//wasm:defs.bzl", "RUNS_ON", "TEST_EXEC_GROUPS")

def _impl(ctx):
    files = depset(transitive = [target[DefaultInfo].files for target in ctx.attr.data]).to_list()
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(
        script,
        "#!/usr/bin/env bash\nexec node %s\n" % " ".join([f.short_path for f in [ctx.file.script] + files]),
        is_executable = True,
    )
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles([ctx.file.script] + files + ctx.files.modules),
    )]

node_test = rule(
    implementation = _impl,
    attrs = {
        "data": attr.label_list(allow_files = True, doc = "Paths of these are the script's arguments."),
        "modules": attr.label_list(allow_files = [".js"], doc = "What the script requires."),
        "script": attr.label(allow_single_file = [".js"], mandatory = True),
    },
    exec_compatible_with = RUNS_ON,
    test = True,
    **TEST_EXEC_GROUPS
)
