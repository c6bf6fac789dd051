"""A context of OpenGL ES 3 that draws into memory: on a driver's display, or on none at all (Mesa, ANGLE)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from nodes.opengl.libraries import Libraries, libraries

OPENGL_ES, NONE = 0x30A0, 0x3038
RENDERABLE, ES3, SURFACE, PBUFFER = 0x3040, 0x0040, 0x3033, 0x0001
WIDTH, HEIGHT, CLIENT_VERSION = 0x3057, 0x3056, 0x3098
SURFACELESS, ANGLE, ANGLE_TYPE, ANGLE_VULKAN = 0x31DD, 0x3202, 0x3203, 0x3450  # platforms without a display


class NoOpenGLError(Exception):
    """No OpenGL ES 3 works here; the sentence says what to install."""


class _Opened(NamedTuple):
    display: Any
    surface: Any
    context: Any


@contextmanager
def context() -> Iterator[Any]:
    """Make a context current in this thread, and give the functions of OpenGL; what is made in it ends with it."""
    for found in libraries():
        for display in _displays(found.egl):
            opened = _open(found.egl, display)
            if opened is not None:
                try:
                    yield found.gl
                finally:
                    _close(found, opened)
                return
    raise NoOpenGLError(
        "Shaders need OpenGL ES 3 (libEGL and libGLESv2), and none works here; install a graphics driver, Mesa (on Debian "
        "libegl1, libgles2 and libgl1-mesa-dri, which need no GPU) or the Python package comfy-angle."
    )


def _displays(egl: Any) -> Iterator[Any]:
    """Yield displays that can be used: the usual one, and those without a screen."""
    yield from _initialized(egl, egl.eglGetDisplay(None))
    address = egl.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if not address:
        return
    of_platform = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)(address)
    yield from _initialized(egl, of_platform(SURFACELESS, None, None))
    yield from _initialized(egl, of_platform(ANGLE, None, _list(ANGLE_TYPE, ANGLE_VULKAN)))


def _initialized(egl: Any, display: Any) -> Iterator[Any]:
    if display and egl.eglInitialize(display, None, None):
        yield display


def _open(egl: Any, display: Any) -> _Opened | None:
    config, count = ctypes.c_void_p(), ctypes.c_int32()
    egl.eglBindAPI(OPENGL_ES)
    wanted = _list(RENDERABLE, ES3, SURFACE, PBUFFER)
    if not egl.eglChooseConfig(display, wanted, ctypes.byref(config), 1, ctypes.byref(count)) or not count.value:
        return None
    surface = egl.eglCreatePbufferSurface(display, config, _list(WIDTH, 1, HEIGHT, 1))  # drawn on by nobody
    made = egl.eglCreateContext(display, config, None, _list(CLIENT_VERSION, 3))
    if surface and made and egl.eglMakeCurrent(display, surface, surface, made):
        return _Opened(display, surface, made)
    return None


def _close(found: Libraries, opened: _Opened) -> None:
    """End a context; the display stays, for other threads may draw."""
    egl = found.egl
    egl.eglMakeCurrent(opened.display, None, None, None)
    egl.eglDestroyContext(opened.display, opened.context)
    egl.eglDestroySurface(opened.display, opened.surface)
    egl.eglReleaseThread()


def _list(*values: int) -> Any:
    return (ctypes.c_int32 * (len(values) + 1))(*values, NONE)
