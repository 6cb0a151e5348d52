"""A repository made of installed -dev packages.

Only the named headers are linked in, never all of /usr/include: an include path that holds the C
library's own headers breaks #include_next, and one that holds everything hides a missing dependency.
"""

def _system_library_impl(ctx):
    for link, candidates in ctx.attr.links.items():
        found = None
        for candidate in candidates:
            path = ctx.path(candidate)
            if path.exists:
                found = path
                break
        if not found:
            fail("%s is missing on this machine. Install it: apt-get install %s, or run ./dev help" % (
                candidates[0],
                ctx.attr.package,
            ))
        ctx.symlink(found, link)
    for folder, pattern in ctx.attr.header_folders.items():
        for entry in ctx.path(folder).readdir():
            if entry.basename.endswith(".hpp") or entry.basename.endswith(".h"):
                ctx.symlink(entry, pattern + "/" + entry.basename)
    for name, content in ctx.attr.files.items():
        ctx.file(name, content)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.file("BUILD.bazel", ctx.attr.build)

system_library = repository_rule(
    implementation = _system_library_impl,
    doc = "Links parts of the file system into a repository. Nothing is copied or downloaded.",
    local = True,
    attrs = {
        "build": attr.string(mandatory = True, doc = "Text of the BUILD file."),
        "files": attr.string_dict(doc = "Further files to write, by path."),
        "header_folders": attr.string_dict(doc = "Folder whose headers, not its folders, are linked -> where to."),
        "links": attr.string_list_dict(doc = "Path in the repository -> absolute candidates, first that exists."),
        "package": attr.string(mandatory = True, doc = "Debian package, for the error message."),
    },
)
