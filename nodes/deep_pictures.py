"""Pictures of more than eight bits as bytes: PNG of sixteen bits, and OpenEXR of floats with linear light.

png16(levels, {"prompt": "{…}"})     # levels: (height, width, channels) uint16; 1, 3 or 4 channels
exr(light, {"prompt": "{…}"}, "Rec.709")  # light: float32

PNG: W3C, PNG specification. OpenEXR: openexr.com, "OpenEXR File Layout"; scan lines, compressed by zlib in groups of 16.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping

import numpy as np

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_COLOURS = {1: 0, 3: 2, 4: 6}  # the kind of picture by its number of channels
EXR_START = b"\x76\x2f\x31\x01\x02\x00\x00\x00"
EXR_CHANNELS = {1: "Y", 3: "RGB", 4: "RGBA"}
EXR_FLOAT, EXR_ZIP, EXR_LINES = 2, 3, 16
PRIMARIES: Mapping[str, tuple[float, ...]] = {  # x and y of red, green, blue and white
    "Rec.709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "Rec.2020": (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290),
}


def png16(levels: np.ndarray, texts: Mapping[str, str]) -> bytes:
    """Return a PNG of sixteen bits with texts."""
    height, width, channels = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, PNG_COLOURS[channels], 0, 0, 0)
    rows = levels.astype(">u2").reshape(height, -1).view(np.uint8)
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    parts = [(b"IHDR", header), *map(_text, texts, texts.values())]
    parts += [(b"IDAT", zlib.compress(unfiltered.tobytes(), 6)), (b"IEND", b"")]
    return PNG_START + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _text(key: str, text: str) -> tuple[bytes, bytes]:
    """Return a text as a chunk, in Latin letters if they do, as other programs read these at once."""
    try:
        return b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", key.encode("latin-1", "replace") + b"\0\0\0\0\0" + text.encode()


def exr(light: np.ndarray, texts: Mapping[str, str], primaries: str) -> bytes:
    """Return an OpenEXR picture of 32-bit floats, with texts and the colours that red, green, blue and white are."""
    height, width, channels = light.shape
    names = EXR_CHANNELS[channels]
    header = EXR_START + b"".join(_attributes(width, height, names, texts, primaries)) + b"\0"
    order = sorted(range(channels), key=lambda index: names[index])  # channels lie in the order of the alphabet
    planes = np.ascontiguousarray(light.astype("<f4")[:, :, order].transpose(0, 2, 1))  # (rows, channels, columns)
    starts = range(0, height, EXR_LINES)
    groups = [_group(start, planes[start : start + EXR_LINES].tobytes()) for start in starts]
    table_bytes = 8 * len(groups)
    places = np.cumsum([len(header) + table_bytes, *(len(group) for group in groups[:-1])])
    return header + places.astype("<u8").tobytes() + b"".join(groups)


def _attributes(width: int, height: int, names: str, texts: Mapping[str, str], primaries: str) -> Iterable[bytes]:
    channels = b"".join(name.encode() + b"\0" + struct.pack("<iiii", EXR_FLOAT, 0, 1, 1) for name in sorted(names))
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    yield _attribute("channels", "chlist", channels + b"\0")
    yield _attribute("chromaticities", "chromaticities", struct.pack("<8f", *PRIMARIES[primaries]))
    yield _attribute("compression", "compression", bytes([EXR_ZIP]))
    yield _attribute("dataWindow", "box2i", window)
    yield _attribute("displayWindow", "box2i", window)
    yield _attribute("lineOrder", "lineOrder", b"\0")
    yield _attribute("pixelAspectRatio", "float", struct.pack("<f", 1.0))
    yield _attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0))
    yield _attribute("screenWindowWidth", "float", struct.pack("<f", 1.0))
    yield from (_attribute(key, "string", text.encode()) for key, text in texts.items())


def _attribute(name: str, kind: str, content: bytes) -> bytes:
    return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(content)) + content


def _group(start: int, lines: bytes) -> bytes:
    """Return some lines: even bytes before odd ones, each as the difference from the one before, compressed if that helps."""
    halves = np.frombuffer(lines, np.uint8).astype(np.int16)
    parted = np.concatenate([halves[::2], halves[1::2]])
    parted[1:] = parted[1:] - parted[:-1] + 128
    packed = zlib.compress((parted % 256).astype(np.uint8).tobytes(), 6)
    content = packed if len(packed) < len(lines) else lines
    return struct.pack("<ii", start, len(content)) + content
