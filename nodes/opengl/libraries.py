"""The libraries of EGL and OpenGL ES, with the signatures of the functions that are called.

for egl, gl in libraries(): ...  # those of the system, then those of the PyPI package comfy-angle where it is installed
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

ANGLE = "comfy_angle"
ENDINGS = {"win32": ".dll", "darwin": ".dylib"}
SONAMES = {"EGL": "libEGL.so.1", "GLESv2": "libGLESv2.so.2"}  # of Linux, where no developers' files need be there
CODES: Mapping[str, Any] = {
    "v": None,
    "i": ctypes.c_int32,
    "u": ctypes.c_uint32,
    "f": ctypes.c_float,
    "p": ctypes.c_void_p,
    "s": ctypes.c_char_p,
}
# What a function returns and takes, a letter each; from the registries of Khronos.
EGL = """
    eglGetDisplay pp
    eglGetProcAddress ps
    eglInitialize ippp
    eglBindAPI iu
    eglChooseConfig ipppip
    eglCreatePbufferSurface pppp
    eglCreateContext ppppp
    eglMakeCurrent ipppp
    eglDestroyContext ipp
    eglDestroySurface ipp
    eglReleaseThread i
"""
GL = """
    glActiveTexture vu
    glAttachShader vuu
    glBindFramebuffer vuu
    glBindTexture vuu
    glBindVertexArray vu
    glCheckFramebufferStatus uu
    glClear vu
    glClearColor vffff
    glCompileShader vu
    glCreateProgram u
    glCreateShader uu
    glDeleteTextures vip
    glDisable vu
    glDrawArrays vuii
    glDrawBuffers vip
    glFramebufferTexture2D vuuuui
    glGenFramebuffers vip
    glGenTextures vip
    glGenVertexArrays vip
    glGetError u
    glGetIntegerv vup
    glGetProgramInfoLog vuipp
    glGetProgramiv vuup
    glGetShaderInfoLog vuipp
    glGetShaderiv vuup
    glGetUniformLocation ius
    glLinkProgram vu
    glReadBuffer vu
    glReadPixels viiiiuup
    glShaderSource vuipp
    glTexImage2D vuiiiiiuup
    glTexParameteri vuui
    glUniform1f vif
    glUniform1i vii
    glUniform2f viff
    glUseProgram vu
    glViewport viiii
"""


class Libraries(NamedTuple):
    """EGL, which makes contexts, and OpenGL ES, which draws in them."""

    egl: Any
    gl: Any


def libraries() -> Iterator[Libraries]:
    """Yield the pairs that there are here."""
    for names in (_of_the_system(), _of_angle()):
        try:
            egl, gl = (ctypes.CDLL(name) for name in names)
            yield Libraries(_typed(egl, EGL), _typed(gl, GL))
        except (OSError, AttributeError, ValueError):  # not there, without a function, or no names
            continue


def _of_the_system() -> list[str]:
    if sys.platform == "linux":
        return list(SONAMES.values())
    return [path for path in map(ctypes.util.find_library, SONAMES) if path is not None]


def _of_angle() -> list[str]:
    package = find_spec(ANGLE)
    if package is None or not package.submodule_search_locations:
        return []
    folder = Path(package.submodule_search_locations[0], "libs")
    return [str(folder / f"lib{name}{ENDINGS.get(sys.platform, '.so')}") for name in SONAMES]


def _typed(library: Any, table: str) -> Any:
    for line in filter(None, map(str.strip, table.splitlines())):
        name, codes = line.split()
        function = getattr(library, name)
        function.restype, *function.argtypes = [CODES[code] for code in codes]
    return library
