"""For target_compatible_with: what //... leaves out on the other kind of platform."""

NATIVE_ONLY = select({
    "@platforms//cpu:wasm32": ["@platforms//:incompatible"],
    "//conditions:default": [],
})

WASM_ONLY = select({
    "@platforms//cpu:wasm32": [],
    "//conditions:default": ["@platforms//:incompatible"],
})
