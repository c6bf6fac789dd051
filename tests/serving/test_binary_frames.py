"""Binary messages, byte for byte as ComfyUI's clients take them apart."""

from __future__ import annotations

import json

import pytest

from serving.binary_frames import described_preview, node_text, plain_preview


@pytest.mark.parametrize(("name", "number"), [("jpeg", 1), ("png", 2)])
def test_a_plain_preview_is_kind_1_the_type_and_the_picture(name: str, number: int) -> None:
    assert plain_preview(name, b"\xff\xd8") == bytes([0, 0, 0, 1, 0, 0, 0, number]) + b"\xff\xd8"


@pytest.mark.parametrize("name", ["jpeg", "png"])
def test_a_described_preview_is_kind_4_the_length_of_an_object_the_object_and_the_picture(name: str) -> None:
    frame = described_preview(name, b"\xff\xd8", {"node_id": "ä", "parent_node_id": None})
    kind, length = int.from_bytes(frame[:4], "big"), int.from_bytes(frame[4:8], "big")
    assert kind == 4
    about = {"node_id": "ä", "parent_node_id": None, "image_type": f"image/{name}"}
    assert json.loads(frame[8 : 8 + length]) == about
    assert frame[8 + length :] == b"\xff\xd8"


def test_a_text_is_kind_3_the_length_of_a_nodes_id_the_id_and_the_text() -> None:
    assert node_text("ä7", "2 of 3") == bytes([0, 0, 0, 3, 0, 0, 0, 3]) + "ä7".encode() + b"2 of 3"
