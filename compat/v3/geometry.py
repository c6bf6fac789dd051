"""Values of three dimensions and drawings that nodes hand to each other: voxels, meshes, splats, files, SVG."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import IO, Any


class VOXEL:
    """A block of voxels, perhaps with colours."""

    def __init__(self, data: Any, voxel_colors: Any = None, resolution: Any = None) -> None:
        """Take the tensors."""
        self.data = data
        self.voxel_colors = voxel_colors
        self.resolution = resolution


class SPLAT:
    """A batch of Gaussian splats, ready to draw: tensors (batch, number, …), padded to the longest.

    positions (…, 3), scales (…, 3), rotations (…, 4) as wxyz, opacities (…, 1), sh (…, coefficients, 3); counts
    (batch,): how many of each are real, None for all.
    """

    def __init__(
        self, positions: Any, scales: Any, rotations: Any, opacities: Any, sh: Any, counts: Any = None
    ) -> None:
        """Take the tensors."""
        self.positions = positions
        self.scales = scales
        self.rotations = rotations
        self.opacities = opacities
        self.sh = sh
        self.counts = counts


class MESH:
    """A batch of meshes: vertices (batch, number, 3), faces (batch, number, 3), and what there is to say of surfaces.

    vertex_counts and face_counts (batch,) say how many of each are real, None for all; they come together.
    """

    def __init__(
        self,
        vertices: Any,
        faces: Any,
        uvs: Any = None,
        vertex_colors: Any = None,
        texture: Any = None,
        metallic_roughness: Any = None,
        vertex_counts: Any = None,
        face_counts: Any = None,
        unlit: bool = False,
        normals: Any = None,
        tangents: Any = None,
        normal_map: Any = None,
        occlusion_in_mr: bool = False,
        material: dict[str, Any] | None = None,
        emissive: Any = None,
    ) -> None:
        """Take the tensors."""
        if (vertex_counts is None) != (face_counts is None):
            raise AssertionError("A mesh has vertex_counts and face_counts, or neither; give both.")
        self.vertices = vertices
        self.faces = faces
        self.uvs = uvs
        self.vertex_colors = vertex_colors
        self.texture = texture
        self.metallic_roughness = metallic_roughness
        self.vertex_counts = vertex_counts
        self.face_counts = face_counts
        self.unlit = unlit
        self.normals = normals
        self.tangents = tangents
        self.normal_map = normal_map
        self.occlusion_in_mr = occlusion_in_mr
        self.material = material
        self.emissive = emissive


class File3D:
    """A 3D file: a path, or bytes that can be read."""

    def __init__(self, source: str | IO[bytes], file_format: str = "") -> None:
        """Take the source; the format is the path's extension if none is given."""
        self._source = source
        self._format = file_format or _bare(os.path.splitext(source)[1] if isinstance(source, str) else "")

    @property
    def format(self) -> str:
        """The format, as an extension without a dot."""
        return self._format

    @format.setter
    def format(self, value: str) -> None:
        self._format = _bare(value)

    @property
    def is_disk_backed(self) -> bool:
        """Whether it is a file on the disk."""
        return isinstance(self._source, str)

    def get_source(self) -> str | IO[bytes]:
        """Return the path, or the stream at its beginning."""
        return self._source if isinstance(self._source, str) else _rewound(self._source)

    def get_data(self) -> BytesIO:
        """Return the bytes as a stream."""
        if isinstance(self._source, str):
            return BytesIO(self.get_bytes())
        source = _rewound(self._source)
        return source if isinstance(source, BytesIO) else BytesIO(source.read())

    def get_bytes(self) -> bytes:
        """Return the bytes."""
        return Path(self._source).read_bytes() if isinstance(self._source, str) else _rewound(self._source).read()

    def save_to(self, path: str) -> str:
        """Write the file, in folders made for it, and return the path."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(self._source, str):
            target.write_bytes(self.get_bytes())
        elif Path(self._source).resolve() != target.resolve():
            shutil.copy2(self._source, target)
        return str(target)

    def __repr__(self) -> str:
        source = f"source={self._source!r}" if isinstance(self._source, str) else "<stream>"
        return f"File3D({source}, format={self._format!r})"


def _bare(extension: str | None) -> str:
    return (extension or "").lower().lstrip(".")


def _rewound(stream: IO[bytes]) -> IO[bytes]:
    if hasattr(stream, "seek"):
        stream.seek(0)
    return stream


class SVG:
    """Drawings, each a stream of SVG."""

    def __init__(self, data: list[BytesIO]) -> None:
        """Take the drawings."""
        self.data = data

    def combine(self, other: SVG) -> SVG:
        """Return the drawings of both."""
        return SVG([*self.data, *other.data])

    @staticmethod
    def combine_all(svgs: Iterable[SVG]) -> SVG:
        """Return the drawings of all."""
        return SVG([drawing for each in svgs for drawing in each.data])
