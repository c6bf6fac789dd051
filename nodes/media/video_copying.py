"""Writing a video file's streams into another file without decoding them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from nodes.media.encoding import opened
from nodes.media.video_input import VideoCodec, VideoContainer
from nodes.media.video_writing import FORMATS, Target, is_buffer

logger = logging.getLogger(__name__)

COPIED = ("video", "audio", "subtitle")
IN_WEBM = {"video": {"av1", "vp8", "vp9"}, "audio": {"opus", "vorbis"}, "subtitle": {"webvtt"}}
WITH_TEXTS = ("mov", "mp4")  # kinds of files that hold texts of any name if they are told to


def can_copy(container: Any, target: Target, wanted: VideoContainer, codec: VideoCodec, bit_depth: int | None) -> bool:
    """Return whether a file's streams are what is wanted, and may stand in such a file."""
    stream = container.streams.video[0] if container.streams.video else None
    if wanted is not VideoContainer.AUTO and FORMATS[wanted] not in container.format.name.split(","):
        return False
    if target.container is VideoContainer.WEBM and not all(map(_fits_webm, container.streams)):
        return False
    if stream is None:
        return True
    if codec is not VideoCodec.AUTO and codec.value != stream.codec.canonical_name:
        return False
    bits = max((each.bits for each in stream.format.components), default=8) if stream.format is not None else 8
    return bit_depth is None or bit_depth == bits


def _fits_webm(stream: Any) -> bool:
    allowed = IN_WEBM.get(stream.type)
    return allowed is None or stream.codec_context is None or stream.codec.canonical_name in allowed


def copy_streams(container: Any, path: Any, wanted: VideoContainer, metadata: Mapping[str, str]) -> None:
    """Write the streams that can be written, with the file's own texts and others."""
    with opened(path, **_options(container, path, wanted)) as output:
        output.metadata.update({**container.metadata, **metadata})
        copies: dict[Any, Any] = {}
        for stream in container.streams:
            if stream.type in COPIED and stream.codec_context is not None:
                copies[stream] = output.add_stream_from_template(template=stream, opaque=True)
            elif stream.type in COPIED:
                logger.warning(
                    "A stream of %s in %s has an unknown codec and is left out.", stream.type, container.name
                )
        for packet in container.demux():
            if packet.stream in copies and packet.dts is not None:
                packet.stream = copies[packet.stream]
                output.mux(packet)


def _options(container: Any, path: Any, wanted: VideoContainer) -> dict[str, Any]:
    if is_buffer(path):
        own = container.format.name.split(",")[0]
        kind = own if wanted is VideoContainer.AUTO else FORMATS[wanted]
        options: dict[str, Any] = {"mode": "w", "format": kind}
    else:
        options, kind = {"mode": "w"}, os.path.splitext(os.fspath(path))[1].lower().lstrip(".")
    if kind in WITH_TEXTS:
        flags = "use_metadata_tags" if is_buffer(path) else "use_metadata_tags+faststart"
        options["options"] = {"movflags": flags}
    return options
