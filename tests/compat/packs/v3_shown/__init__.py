"""Pictures, masks, sound and texts that nodes show and save."""

import torch
from comfy_api.latest import UI, ComfyExtension, io


class Shows(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="V3 Shows", category="tests/v3", inputs=[io.String.Input("what")], is_output_node=True)

    @classmethod
    def execute(cls, what):
        image = torch.linspace(0, 1, 2 * 4 * 6 * 3).reshape(2, 4, 6, 3)
        sound = {"waveform": torch.zeros(1, 2, 800), "sample_rate": 8000}
        save, hear = UI.ImageSaveHelper, UI.AudioSaveHelper
        return io.NodeOutput(
            ui={
                "image": lambda: UI.PreviewImage(image, cls=cls),
                "mask": lambda: UI.PreviewMask(image[..., 0]),
                "audio": lambda: UI.PreviewAudio(sound, cls=cls),
                "text": lambda: UI.PreviewText("a text"),
                "video": lambda: UI.PreviewVideo([UI.SavedResult("a.mp4", "", io.FolderType.output)]),
                "scene": lambda: UI.PreviewUI3D("a.glb", {"position": 1}),
                "saved": lambda: save.get_save_images_ui(image, "v3/%batch_num%_pic", cls),
                "apng": lambda: save.get_save_animated_png_ui(image, "v3/apng", cls, fps=10, compress_level=1),
                "webp": lambda: save.get_save_animated_webp_ui(
                    image, "v3/webp", cls, fps=10, lossless=True, quality=80, method=0
                ),
                "flac": lambda: hear.get_save_audio_ui(sound, "v3/flac", cls),
                "mp3": lambda: hear.get_save_audio_ui(sound, "v3/mp3", cls, "mp3", "V0"),
                "opus": lambda: hear.get_save_audio_ui(sound, "v3/opus", cls, "opus", "64k"),
                "plain": lambda: {"own": [1, 2], "more": ["x"]},
            }[what]()
        )


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Shows]


async def comfy_entrypoint():
    return Extension()
