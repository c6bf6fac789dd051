"""The operator that runs fragment shaders over images."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch

from graph.annotations import Opens, Options, Repeats
from graph.run import Run
from graph.spec import node
from graph.widgets import Range, Text
from nodes.image_files import save_images
from nodes.opengl.context import context
from nodes.opengl.shading import MOST_OUTPUTS, Shading
from nodes.sockets import MAX_RESOLUTION, Curve, Image

UNCHANGED = """#version 300 es
precision highp float;

uniform sampler2D u_image0;
uniform vec2 u_resolution;

in vec2 v_texCoord;
layout(location = 0) out vec4 fragColor0;

void main() {
    fragColor0 = texture(u_image0, v_texCoord);
}
"""
NONE: Mapping[str, Any] = MappingProxyType({})
Side = Annotated[int, Range(1, MAX_RESOLUTION)]
Images = Annotated[Mapping[str, Image], Repeats(Image, "image", most=5, least=1)]
Decimals = Annotated[Mapping[str, float], Repeats(Annotated[float, Options(force_input=True)], "u_float", most=20)]
Wholes = Annotated[Mapping[str, int], Repeats(Annotated[int, Options(force_input=True)], "u_int", most=20)]
Truths = Annotated[Mapping[str, bool], Repeats(Annotated[bool, Options(force_input=True)], "u_bool", most=10)]
Curves = Annotated[Mapping[str, Any], Repeats(Curve, "u_curve", most=4)]


class SizeOfInput(NamedTuple):
    """As large as the first image."""


class CustomSize(NamedTuple):
    """In pixels."""

    width: Side = 512
    height: Side = 512


class Shaded(NamedTuple):
    """What the shader wrote to fragColor0 to fragColor3; black where it wrote nothing."""

    IMAGE0: Image
    IMAGE1: Image
    IMAGE2: Image
    IMAGE3: Image


@node(
    category="image/shader",
    display_name="GLSL Shader",
    experimental=True,
    extra={"has_intermediate_output": True},
)
def GLSLShader(
    fragment_shader: Annotated[str, Text(multiline=True)] = UNCHANGED,
    *,
    size_mode: Annotated[SizeOfInput | CustomSize, Opens({"from_input": SizeOfInput, "custom": CustomSize})],
    images: Images,
    floats: Decimals = NONE,
    ints: Wholes = NONE,
    bools: Truths = NONE,
    curves: Curves = NONE,
    run: Run,
) -> Shaded:
    """Run a fragment shader (GLSL ES 3.00, as in WebGL 2) over images.

    fragment_shader: v_texCoord, u_resolution and u_image0 to u_image4 are there; `#pragma passes N` runs it N times (u_pass).
    size_mode: of the images that come out.
    curves: one row each, to be asked by texture(u_curve0, vec2(x, 0.5)).r.
    """
    given = list(images.values())
    size = (size_mode.width, size_mode.height) if isinstance(size_mode, CustomSize) else _size_of(given[0])
    uniforms = {
        **{f"u_float{index}": float(value) for index, value in enumerate(floats.values())},
        **{f"u_int{index}": int(value) for index, value in enumerate(ints.values())},
        **{f"u_bool{index}": int(value) for index, value in enumerate(bools.values())},
    }
    rows = [curve.to_lut().astype(np.float32) for curve in curves.values()]
    shaded = _shaded(fragment_shader, size, given, uniforms, rows, run)
    for image in given:
        run.show("input_images", save_images(image, "GLSLShader_input", run, temporary=True))
    run.show("images", save_images(shaded.IMAGE0, "GLSLShader_output", run, temporary=True))
    return shaded


def _size_of(image: torch.Tensor) -> tuple[int, int]:
    return image.shape[2], image.shape[1]


def _shaded(
    source: str, size: tuple[int, int], images: list[torch.Tensor], uniforms: Any, rows: list[Any], run: Run
) -> Shaded:
    batches = [image.detach().float().cpu().numpy() for image in images]
    width, height = size
    outputs = [torch.zeros(len(batches[0]), height, width, 4) for _ in range(MOST_OUTPUTS)]
    with context() as gl:
        shading = Shading(gl, source, size, uniforms, rows)
        for index in range(len(batches[0])):
            run.check_cancelled()
            for output, drawn in zip(
                outputs, shading.draw([each[index % len(each)] for each in batches]), strict=False
            ):
                output[index] = torch.from_numpy(drawn)
    return Shaded(*outputs)
