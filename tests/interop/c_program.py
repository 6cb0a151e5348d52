# Copyright 2026 The micromegas-cpp authors
# SPDX-License-Identifier: Apache-2.0
"""c_program.py LIBRARY URL: the library from Python, declared as bindings for the official one declare it."""

import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_uint, c_uint64, c_void_p


class MmConfig(ctypes.Structure):
    _fields_ = [
        ("sink_url", c_char_p),
        ("property_keys", POINTER(c_char_p)),
        ("property_values", POINTER(c_char_p)),
        ("property_count", c_uint),
    ]


def load(path):
    library = ctypes.CDLL(path)
    for name, result, arguments in (
        ("mm_init", c_void_p, [POINTER(MmConfig)]),
        ("mm_shutdown", None, [c_void_p]),
        ("mm_log", None, [c_void_p, c_int, c_char_p, c_char_p]),
        ("mm_metric_i", None, [c_void_p, c_char_p, c_char_p, c_uint64]),
        ("mm_metric_f", None, [c_void_p, c_char_p, c_char_p, c_double]),
        ("mm_flush", None, [c_void_p]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def main(path, url):
    library = load(path)
    config = MmConfig(
        url.encode(), (c_char_p * 1)(b"language"), (c_char_p * 1)(b"python"), 1
    )
    handle = library.mm_init(byref(config))
    if not handle:
        sys.exit("mm_init() gave nothing")
    library.mm_log(handle, 4, b"python", "from Python: größe".encode())
    library.mm_metric_i(handle, b"python integer", b"count", 2**64 - 1)
    library.mm_metric_f(handle, b"python float", b"ms", 12.5)
    library.mm_flush(handle)
    library.mm_shutdown(handle)


main(*sys.argv[1:])
