"""Videos of tensors and of files."""

import io as streams
import json
from fractions import Fraction

import torch
from comfy_api.input import VideoInput
from comfy_api.latest import ComfyExtension, InputImpl, Types, io
from comfy_api.util import VideoCodec, VideoContainer


class MakeVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 MakeVideo",
            category="tests/v3",
            inputs=[io.Int.Input("frames"), io.Boolean.Input("sound", default=False)],
            outputs=[io.Video.Output()],
        )

    @classmethod
    def execute(cls, frames, sound):
        ramp = torch.linspace(0, 1, frames).reshape(frames, 1, 1, 1).expand(frames, 32, 64, 3)
        wave = (
            {"waveform": torch.sin(torch.arange(16000) / 20).repeat(1, 2, 1), "sample_rate": 16000} if sound else None
        )
        return io.NodeOutput(
            InputImpl.VideoFromComponents(Types.VideoComponents(images=ramp, frame_rate=Fraction(10), audio=wave))
        )


class LookAtVideo(io.ComfyNode):
    """Writes the video into memory and reads it again."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 LookAtVideo",
            category="tests/v3",
            inputs=[
                io.Video.Input("video"),
                io.Combo.Input("format", options=VideoContainer.as_input()),
                io.Combo.Input("codec", options=VideoCodec.as_input()),
                io.Float.Input("start", default=0.0),
                io.Float.Input("length", default=0.0),
            ],
            outputs=[io.String.Output()],
        )

    @classmethod
    def execute(cls, video: VideoInput, format, codec, start, length):
        buffer = streams.BytesIO()
        video.save_to(buffer, format=VideoContainer(format), codec=VideoCodec(codec), metadata={"prompt": {"a": 1}})
        again = InputImpl.VideoFromFile(buffer).as_trimmed(start, length, strict_duration=False)
        parts = again.get_components()
        told = {
            "size": again.get_dimensions(),
            "seconds": round(again.get_duration(), 2),
            "rate": float(again.get_frame_rate()),
            "shape": list(parts.images.shape),
            "brightness": [round(float(frame.mean()), 1) for frame in parts.images],
            "kind": again.get_container_format(),
            "depth": again.get_bit_depth(),
            "colours": again.get_color_space(),
            "texts": sorted(name.lower() for name in parts.metadata if name.lower() == "prompt"),
            "sound": parts.audio and [parts.audio["waveform"].shape[1], parts.audio["sample_rate"]],
        }
        return io.NodeOutput(json.dumps(told, sort_keys=True))


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [MakeVideo, LookAtVideo]


async def comfy_entrypoint():
    return Extension()
