"""Fragment shaders over pictures, as WebGL 2 has them (GLSL ES 3.00).

    with context() as gl:
        shading = Shading(gl, source, (width, height), {"u_float0": 0.5})
        outputs = shading.draw([picture])  # arrays (height, width, 4), float32

A shader finds `v_texCoord`, `u_resolution` and its uniforms, writes `fragColor0` and on, and with `#pragma passes N` runs N
times, each on what the run before it wrote; `u_pass` counts them.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
MOST_OUTPUTS = 4
FRAGMENT, VERTEX, COMPILED, LINKED = 0x8B30, 0x8B31, 0x8B81, 0x8B82
TEXTURE, TEXTURE0, MAG, MIN, WRAP_S, WRAP_T, LINEAR, CLAMP = (
    0x0DE1,
    0x84C0,
    0x2800,
    0x2801,
    0x2802,
    0x2803,
    0x2601,
    0x812F,
)
RGBA32F, RGBA, R32F, RED, FLOAT = 0x8814, 0x1908, 0x822E, 0x1903, 0x1406
FRAMEBUFFER, ATTACHMENT0, COMPLETE, COLOR_BIT, TRIANGLES = 0x8D40, 0x8CE0, 0x8CD5, 0x4000, 0x0004
MAX_TEXTURE_SIZE, BLEND = 0x0D33, 0x0BE2
LOG_BYTES = 4096
# One triangle that reaches beyond the picture: its corners are (0, 0), (2, 0) and (0, 2) of the picture.
WHOLE_PICTURE = """#version 300 es
out vec2 v_texCoord;
void main() {
    v_texCoord = vec2(gl_VertexID == 1 ? 2.0 : 0.0, gl_VertexID == 2 ? 2.0 : 0.0);
    gl_Position = vec4(2.0 * v_texCoord - 1.0, 0.0, 1.0);
}
"""


class ShaderError(Exception):
    """A shader or a picture that OpenGL does not take; the sentence says why."""


class Shading:
    """A shader with its uniforms, in the context that is current."""

    def __init__(
        self, gl: Any, source: str, size: tuple[int, int], uniforms: Mapping[str, float], curves: Sequence[Floats] = ()
    ) -> None:
        """Compile a shader for pictures of width and height; uniforms: floats, and whole numbers for int and bool."""
        self._gl, self._size = gl, size
        self._check_size(*size)
        self._passes = max(1, *map(int, re.findall(r"#pragma\s+passes\s+(\d+)", source)[:1]), 1)
        named = [int(number) + 1 for number in re.findall(r"fragColor(\d+)", source)]
        self._outputs = min(max(named, default=1), MOST_OUTPUTS)
        self._program = self._linked(source)
        gl.glUseProgram(self._program)
        gl.glBindVertexArray(_made(gl.glGenVertexArrays))
        gl.glDisable(BLEND)
        self._between = [self._target(1) for _ in range(2 if self._passes > 1 else 0)]
        self._target_of_outputs = self._target(self._outputs)
        self._set("u_resolution", *map(float, size))
        for name, value in uniforms.items():
            self._set(name, value)
        self._curves = [
            (f"u_curve{index}", self._texture(curve[None, :], R32F, RED)) for index, curve in enumerate(curves)
        ]

    def draw(self, pictures: Sequence[Floats]) -> list[Floats]:
        """Return what the shader makes of pictures (height, width, channels), one for each output that it has."""
        gl = self._gl
        textures = [self._texture(_upright(picture), RGBA32F, RGBA) for picture in pictures]
        for unit, (name, texture) in enumerate((*self._images(textures), *self._curves)):
            self._bind(unit, texture)
            self._set(name, unit)
        gl.glViewport(0, 0, *self._size)
        for number in range(self._passes):
            is_last = number == self._passes - 1
            buffer, _ = self._target_of_outputs if is_last else self._between[number % 2]
            if number:
                self._bind(0, self._between[(number - 1) % 2][1])
            self._set("u_pass", number)
            gl.glBindFramebuffer(FRAMEBUFFER, buffer)
            gl.glClearColor(0.0, 0.0, 0.0, 0.0)
            gl.glClear(COLOR_BIT)
            gl.glDrawArrays(TRIANGLES, 0, 3)
        found = self._read()
        gl.glDeleteTextures(len(textures), (ctypes.c_uint32 * len(textures))(*textures))
        return found

    def _images(self, textures: Sequence[int]) -> list[tuple[str, int]]:
        return [(f"u_image{index}", texture) for index, texture in enumerate(textures)]

    def _read(self) -> list[Floats]:
        width, height = self._size
        found = []
        for index in range(self._outputs):
            pixels = np.empty((height, width, 4), np.float32)
            self._gl.glReadBuffer(ATTACHMENT0 + index)
            self._gl.glReadPixels(0, 0, width, height, RGBA, FLOAT, pixels.ctypes.data)
            found.append(np.ascontiguousarray(pixels[::-1]))
        if error := self._gl.glGetError():
            raise ShaderError(f"OpenGL failed while it drew {width}x{height} pixels (0x{error:04x}).")
        return found

    def _check_size(self, *sides: int) -> None:
        most = ctypes.c_int32()
        self._gl.glGetIntegerv(MAX_TEXTURE_SIZE, ctypes.byref(most))
        if max(sides) > most.value:
            raise ShaderError(
                f"OpenGL draws at most {most.value} pixels a side here, not {max(sides)}; use a smaller picture."
            )

    def _set(self, name: str, *values: float) -> None:
        """Set a uniform that the shader uses."""
        gl, place = self._gl, self._gl.glGetUniformLocation(self._program, name.encode())
        if place < 0:
            return
        if len(values) == 2:
            gl.glUniform2f(place, *values)
        elif isinstance(values[0], float):
            gl.glUniform1f(place, values[0])
        else:
            gl.glUniform1i(place, int(values[0]))

    def _bind(self, unit: int, texture: int) -> None:
        self._gl.glActiveTexture(TEXTURE0 + unit)
        self._gl.glBindTexture(TEXTURE, texture)

    def _texture(self, pixels: Floats | None, kept: int, given: int) -> int:
        """Make a texture of pixels, or an empty one of the size of the outputs."""
        gl, texture = self._gl, _made(self._gl.glGenTextures)
        self._bind(0, texture)
        width, height = self._size if pixels is None else (pixels.shape[1], pixels.shape[0])
        self._check_size(width, height)
        content = None if pixels is None else np.ascontiguousarray(pixels, np.float32).ctypes.data
        gl.glTexImage2D(TEXTURE, 0, kept, width, height, 0, given, FLOAT, content)
        for name, value in ((MAG, LINEAR), (MIN, LINEAR), (WRAP_S, CLAMP), (WRAP_T, CLAMP)):
            gl.glTexParameteri(TEXTURE, name, value)
        return texture

    def _target(self, count: int) -> tuple[int, int]:
        """Make a frame buffer with some textures behind it; return it and the first of them."""
        gl, buffer = self._gl, _made(self._gl.glGenFramebuffers)
        gl.glBindFramebuffer(FRAMEBUFFER, buffer)
        textures = [self._texture(None, RGBA32F, RGBA) for _ in range(count)]
        places = [ATTACHMENT0 + index for index in range(count)]
        for place, texture in zip(places, textures, strict=True):
            gl.glFramebufferTexture2D(FRAMEBUFFER, place, TEXTURE, texture, 0)
        gl.glDrawBuffers(count, (ctypes.c_uint32 * count)(*places))
        if gl.glCheckFramebufferStatus(FRAMEBUFFER) != COMPLETE:
            raise ShaderError(
                "OpenGL cannot draw into floats here; another driver can (Mesa, or the package comfy-angle)."
            )
        return buffer, textures[0]

    def _linked(self, source: str) -> int:
        gl, program = self._gl, self._gl.glCreateProgram()
        for kind, text in ((VERTEX, WHOLE_PICTURE), (FRAGMENT, source)):
            shader = gl.glCreateShader(kind)
            gl.glShaderSource(shader, 1, ctypes.byref(ctypes.c_char_p(text.encode())), None)
            gl.glCompileShader(shader)
            _check("compiled", gl.glGetShaderiv, gl.glGetShaderInfoLog, shader, COMPILED)
            gl.glAttachShader(program, shader)
        gl.glLinkProgram(program)
        _check("linked", gl.glGetProgramiv, gl.glGetProgramInfoLog, program, LINKED)
        return int(program)


def _check(done: str, ask: Any, read_log: Any, name: int, question: int) -> None:
    is_good = ctypes.c_int32()
    ask(name, question, ctypes.byref(is_good))
    if not is_good.value:
        log = ctypes.create_string_buffer(LOG_BYTES)
        read_log(name, LOG_BYTES, None, log)
        raise ShaderError(f"The shader cannot be {done}: {log.value.decode(errors='replace').strip()}")


def _made(make: Any) -> int:
    """Return the name of one new object of OpenGL."""
    name = ctypes.c_uint32()
    make(1, ctypes.byref(name))
    return name.value


def _upright(picture: Floats) -> Floats:
    """Return a picture with four channels, its lowest row first, as OpenGL counts them."""
    channels = picture.shape[-1]
    colours = picture if channels >= 3 else np.repeat(picture[..., :1], 3, axis=-1)
    whole = colours if channels == 4 else np.concatenate((colours[..., :3], np.ones_like(colours[..., :1])), axis=-1)
    return np.ascontiguousarray(whole[::-1], np.float32)
