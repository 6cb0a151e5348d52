"""How a module is linked that page.js can load."""

MODULE_LINKOPTS = [
    "-sENVIRONMENT=web",
    "-sALLOW_MEMORY_GROWTH=1",
    "-sMODULARIZE=1",
    "-sEXPORT_NAME=createModule",
    "-sEXPORTED_FUNCTIONS=_malloc,_free",
    "-sEXPORTED_RUNTIME_METHODS=UTF8ToString,stringToUTF8,lengthBytesUTF8",
    "--no-entry",
]
