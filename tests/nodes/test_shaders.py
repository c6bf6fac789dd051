"""Fragment shaders: pictures, uniforms, curves, outputs and passes arrive where WebGL 2 has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from graph.workflow import Link, Node
from nodes.curves import CurveInput
from nodes.opengl.context import NoOpenGLError, context
from nodes.opengl.shading import ShaderError
from nodes.shaders import UNCHANGED, CustomSize, GLSLShader, SizeOfInput
from tests.nodes.folder_host import FolderRun

HEAD = """#version 300 es
precision highp float;
uniform sampler2D u_image0, u_image1, u_curve0;
uniform vec2 u_resolution;
uniform float u_float0;
uniform int u_int0, u_pass;
uniform bool u_bool0;
in vec2 v_texCoord;
"""
AS_LARGE = SizeOfInput()
ONE = HEAD + "out vec4 fragColor; void main() { fragColor = %s; }"


@pytest.fixture(autouse=True)
def _opengl() -> None:
    try:
        with context():
            pass
    except NoOpenGLError as error:
        pytest.skip(str(error))


def noise(batch: int = 1, channels: int = 3) -> torch.Tensor:
    return torch.rand(batch, 12, 20, channels, generator=torch.Generator().manual_seed(0))


def shaded(folder: Path, source: str, *images: torch.Tensor, size: Any = AS_LARGE, **more: Any) -> Any:
    named = {f"image{index}": image for index, image in enumerate(images)}
    return GLSLShader(source, size_mode=size, images=named, run=FolderRun(folder), **more)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_usual_shader_changes_nothing(tmp_path: Path, channels: int) -> None:
    found = shaded(tmp_path, UNCHANGED, noise(2, channels))
    assert found.IMAGE0.shape == (2, 12, 20, 4)
    assert (found.IMAGE0[..., : min(channels, 3)] - noise(2, channels)[..., :3]).abs().max() < 1e-3
    assert found.IMAGE1.abs().max() == 0


def test_places_are_counted_from_the_left_and_from_below(tmp_path: Path) -> None:
    found = shaded(tmp_path, ONE % "vec4(v_texCoord, u_resolution / 100.0)", noise(), size=CustomSize(10, 4)).IMAGE0[0]
    assert torch.allclose(found[0, :, 0], (torch.arange(10) + 0.5) / 10)
    assert torch.allclose(found[:, 0, 1], 1 - (torch.arange(4) + 0.5) / 4)
    assert torch.allclose(found[0, 0, 2:], torch.tensor([0.1, 0.04]))


def test_uniforms_curves_and_more_images_arrive(tmp_path: Path) -> None:
    body = "vec4(u_float0, float(u_int0), u_bool0 ? 1.0 : 0.0, texture(u_curve0, vec2(0.5, 0.5)).r)"
    curve = CurveInput.from_raw([(0, 0), (0.5, 0.75), (1, 1)])
    given = {
        "floats": {"u_float0": 1.5},
        "ints": {"u_int0": -3},
        "bools": {"u_bool0": True},
        "curves": {"u_curve0": curve},
    }
    found = shaded(tmp_path, ONE % body, noise(), **given).IMAGE0[0, 0, 0]
    assert found.tolist() == pytest.approx([1.5, -3, 1, 0.75], abs=0.01)
    two = shaded(tmp_path, ONE % "texture(u_image1, v_texCoord)", noise(), 1 - noise()).IMAGE0
    assert (two[..., :3] - (1 - noise())).abs().max() < 1e-3


def test_outputs_and_passes_are_as_many_as_the_shader_says(tmp_path: Path) -> None:
    outputs = HEAD + "layout(location = 0) out vec4 fragColor0; layout(location = 1) out vec4 fragColor1;"
    found = shaded(tmp_path, outputs + "void main() { fragColor0 = vec4(0.25); fragColor1 = vec4(0.5); }", noise())
    assert (found.IMAGE0.unique().item(), found.IMAGE1.unique().item(), found.IMAGE2.abs().max()) == (0.25, 0.5, 0)
    passes = (
        "#version 300 es\n#pragma passes 3\n"
        + (ONE % "texture(u_image0, v_texCoord) + float(u_pass)").split("\n", 1)[1]
    )
    again = shaded(tmp_path, passes, torch.zeros(1, 4, 4, 3)).IMAGE0
    assert again[..., 0].unique().item() == pytest.approx(0 + 1 + 2)


def test_what_is_wrong_with_a_shader_is_said(tmp_path: Path) -> None:
    with pytest.raises(ShaderError, match=r"cannot be compiled: .*nothing"):
        shaded(tmp_path, ONE % "nothing", noise())


def test_images_are_shown(tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    GLSLShader(UNCHANGED, size_mode=SizeOfInput(), images={"image0": noise()}, run=run)
    assert {kind: [each["type"] for each in files] for kind, files in run.shown.items()} == {
        "input_images": ["temp"],
        "images": ["temp"],
    }


def test_inputs_of_a_workflow_come_together(tmp_path: Path) -> None:
    node = Node("1", "GLSLShader", {"size_mode": "from_input", "images.image0": Link("2", 0), "floats.u_float0": 0.5})
    spec = GLSLShader.spec.for_inputs(node.inputs)
    values = {"fragment_shader": UNCHANGED, **node.inputs, "images.image0": noise()}
    called = spec.call(values, FolderRun(tmp_path))
    assert (list(called.kwargs["images"]), called.kwargs["floats"]) == (["image0"], {"u_float0": 0.5})
