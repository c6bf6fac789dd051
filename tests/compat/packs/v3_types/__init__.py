"""A node with an input and an output of every type that has no widget, and types of a pack's own."""

from comfy_api.latest import ComfyExtension, io

NAMES = [
    "Image",
    "WanCameraEmbedding",
    "Mask",
    "Latent",
    "Conditioning",
    "Sampler",
    "Sigmas",
    "Noise",
    "Guider",
    "Clip",
    "ControlNet",
    "Vae",
    "Model",
    "ModelPatch",
    "ClipVision",
    "ClipVisionOutput",
    "BackgroundRemoval",
    "AudioEncoder",
    "AudioEncoderOutput",
    "StyleModel",
    "Gligen",
    "UpscaleModel",
    "LatentUpscaleModel",
    "Audio",
    "Video",
    "SVG",
    "LoraModel",
    "LossMap",
    "Voxel",
    "Mesh",
    "Splat",
    "File3DAny",
    "File3DGLB",
    "File3DGLTF",
    "File3DFBX",
    "File3DOBJ",
    "File3DSTL",
    "File3DUSDZ",
    "File3DPLY",
    "File3DSPLAT",
    "File3DSPZ",
    "File3DKSPLAT",
    "File3DSplatAny",
    "File3DPointCloudAny",
    "Hooks",
    "HookKeyframes",
    "TimestepsRange",
    "LatentOperation",
    "FlowControl",
    "Accumulation",
    "Load3DCamera",
    "Load3DModelInfo",
    "Load3D",
    "Load3DAnimation",
    "Layers",
    "Photomaker",
    "Point",
    "FaceAnalysis",
    "BBOX",
    "SEGS",
    "AnyType",
    "Tracks",
    "Dict",
    "Array",
    "Histogram",
]


@io.comfytype(io_type="PACK_OWN")
class Own:
    Type = dict

    class Input(io.WidgetInput):
        def __init__(self, id, size=4, **more):
            super().__init__(id, **more)
            self.size = size

        def as_dict(self):
            return super().as_dict() | {"size": self.size}


@io.comfytype(io_type="PACK_PLAIN")
class Derived(io.ComfyTypeIO):
    pass


class Types(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        kinds = [getattr(io, name) for name in NAMES]
        return io.Schema(
            node_id="V3 Types",
            category="tests/v3",
            inputs=[
                *(kind.Input(name, optional=True) for kind, name in zip(kinds, NAMES, strict=True)),
                io.Custom("PACK_CUSTOM").Input("custom", optional=True),
                Own.Input("own", size=8, optional=True, default={}),
                Derived.Input("derived", optional=True),
                io.MultiType.Input("any_of", [io.Image, io.Mask], optional=True),
                io.MultiType.Input(io.Float.Input("number", default=0.5, max=1.0), [io.Int, io.Float], optional=True),
            ],
            outputs=[
                *(kind.Output() for kind in kinds),
                io.Custom("PACK_CUSTOM").Output("custom"),
                Own.Output(),
                Derived.Output(display_name="Derived"),
            ],
        )

    @classmethod
    def execute(cls, **inputs):
        return io.NodeOutput(*([None] * (len(NAMES) + 3)))


class Number(io.ComfyNode):
    """A union of types with a widget."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Number",
            category="tests/v3",
            inputs=[io.MultiType.Input(io.Float.Input("number", default=0.5, max=1.0), [io.Int, io.Float])],
            outputs=[io.Custom("PACK_CUSTOM").Output()],
        )

    @classmethod
    def execute(cls, number):
        return io.NodeOutput({"number": number})


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Types, Number]


def comfy_entrypoint():
    return Extension()
