"""The V3 types whose inputs have no widget: a name for Python, a name for wires, and what the values are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from compat.v3.geometry import MESH, SPLAT, SVG, VOXEL, File3D
from compat.v3.inputs import ComfyTypeIO, named_type

Tensors = dict[str, torch.Tensor]

Image = named_type("Image", "IMAGE", torch.Tensor)
WanCameraEmbedding = named_type("WanCameraEmbedding", "WAN_CAMERA_EMBEDDING", torch.Tensor)
Mask = named_type("Mask", "MASK", torch.Tensor)
Sampler = named_type("Sampler", "SAMPLER")
Sigmas = named_type("Sigmas", "SIGMAS", torch.Tensor)
Noise = named_type("Noise", "NOISE", torch.Tensor)
Guider = named_type("Guider", "GUIDER")
Clip = named_type("Clip", "CLIP")
ControlNet = named_type("ControlNet", "CONTROL_NET")
Vae = named_type("Vae", "VAE")
Model = named_type("Model", "MODEL")
ModelPatch = named_type("ModelPatch", "MODEL_PATCH")
BackgroundRemoval = named_type("BackgroundRemoval", "BACKGROUND_REMOVAL")
ClipVision = named_type("ClipVision", "CLIP_VISION")
ClipVisionOutput = named_type("ClipVisionOutput", "CLIP_VISION_OUTPUT")
StyleModel = named_type("StyleModel", "STYLE_MODEL")
Gligen = named_type("Gligen", "GLIGEN")
UpscaleModel = named_type("UpscaleModel", "UPSCALE_MODEL")
LatentUpscaleModel = named_type("LatentUpscaleModel", "LATENT_UPSCALE_MODEL")
AudioEncoder = named_type("AudioEncoder", "AUDIO_ENCODER")
AudioEncoderOutput = named_type("AudioEncoderOutput", "AUDIO_ENCODER_OUTPUT")
Video = named_type("Video", "VIDEO")
SVGType = named_type("SVG", "SVG", SVG)
LoraModel = named_type("LoraModel", "LORA_MODEL", Tensors)
Voxel = named_type("Voxel", "VOXEL", VOXEL)
Mesh = named_type("Mesh", "MESH", MESH)
Splat = named_type("Splat", "SPLAT", SPLAT)
File3DAny = named_type("File3DAny", "FILE_3D", File3D)
File3DGLB = named_type("File3DGLB", "FILE_3D_GLB", File3D)
File3DGLTF = named_type("File3DGLTF", "FILE_3D_GLTF", File3D)
File3DFBX = named_type("File3DFBX", "FILE_3D_FBX", File3D)
File3DOBJ = named_type("File3DOBJ", "FILE_3D_OBJ", File3D)
File3DSTL = named_type("File3DSTL", "FILE_3D_STL", File3D)
File3DUSDZ = named_type("File3DUSDZ", "FILE_3D_USDZ", File3D)
File3DPLY = named_type("File3DPLY", "FILE_3D_PLY", File3D)
File3DSPLAT = named_type("File3DSPLAT", "FILE_3D_SPLAT", File3D)
File3DSPZ = named_type("File3DSPZ", "FILE_3D_SPZ", File3D)
File3DKSPLAT = named_type("File3DKSPLAT", "FILE_3D_KSPLAT", File3D)
File3DSplatAny = named_type("File3DSplatAny", "FILE_3D_SPLAT_ANY", File3D)
File3DPointCloudAny = named_type("File3DPointCloudAny", "FILE_3D_POINT_CLOUD_ANY", File3D)
Hooks = named_type("Hooks", "HOOKS")
HookKeyframes = named_type("HookKeyframes", "HOOK_KEYFRAMES")
TimestepsRange = named_type("TimestepsRange", "TIMESTEPS_RANGE", tuple[int, int])
LatentOperation = named_type("LatentOperation", "LATENT_OPERATION", Callable[[torch.Tensor], torch.Tensor])
FlowControl = named_type("FlowControl", "FLOW_CONTROL", tuple[str, Any])
Photomaker = named_type("Photomaker", "PHOTOMAKER")
Point = named_type("Point", "POINT")
FaceAnalysis = named_type("FaceAnalysis", "FACE_ANALYSIS")
BBOX = named_type("BBOX", "BBOX")
SEGS = named_type("SEGS", "SEGS")
AnyType = named_type("AnyType", "*")
Dict = named_type("Dict", "DICT", dict)
Array = named_type("Array", "ARRAY", list)
Histogram = named_type("Histogram", "HISTOGRAM", list[int])

# Values that are dictionaries have a name for them, which packs use in annotations.
Pairs = list[tuple[torch.Tensor, dict[str, Any]]]
Transforms = list[dict[str, Any]]

Latent = named_type("Latent", "LATENT", dict, LatentDict=dict)  # samples, perhaps noise_mask, batch_index and type
Conditioning = named_type("Conditioning", "CONDITIONING", Pairs, CondList=Pairs, PooledDict=dict)
Audio = named_type("Audio", "AUDIO", dict, AudioDict=dict)  # waveform (batch, channels, samples) and sample_rate
LossMap = named_type("LossMap", "LOSS_MAP", dict, LossMapDict=dict)  # loss
Accumulation = named_type("Accumulation", "ACCUMULATION", dict, AccumulationDict=dict)  # accum
Tracks = named_type("Tracks", "TRACKS", dict, TrackDict=dict)  # track_path and track_visibility
Load3DCamera = named_type("Load3DCamera", "LOAD3D_CAMERA", dict, CameraInfo=dict)  # position, target, zoom …
Load3DModelInfo = named_type("Load3DModelInfo", "LOAD3D_MODEL_INFO", Transforms, Model3DTransform=dict)
Layers = named_type("Layers", "LAYERS", dict, Document=dict, LayerItem=dict, BlendMode=str)  # version, canvas, layers


class Load3D(ComfyTypeIO):
    """A scene as the editor's viewer gives it: `image`, `mask`, `normal`, `camera_info` and more."""

    io_type = "LOAD_3D"
    Model3DDict = dict
    Type = dict


class Load3DAnimation(Load3D):
    """The same, of a scene that moves."""

    io_type = "LOAD_3D_ANIMATION"
