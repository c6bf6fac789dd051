"""How ComfyUI's classes of the built-in operators are called: facts of 0.33, by the module that has them.

A line: the operator (`=` its class, if that has another name; `:` a class of which it is a subclass), the method that does
the work and its other names after `|`, and the method's parameters, where they are not the operator's inputs in order (`+`:
what comes behind these).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

EXECUTE = "execute"  # of V3 classes, where it is a class method


class Row(NamedTuple):
    """How one class is called. parameters: none for the operator's inputs in order; `+` first: more behind these."""

    operator: str
    module: str
    cls: str
    base: str | None
    methods: tuple[str, ...]
    parameters: tuple[str, ...]


TABLE: Mapping[str, str] = {
    "nodes": """
        CLIPTextEncode encode clip text
        ConditioningCombine combine
        ConditioningAverage addWeighted
        ConditioningConcat concat
        ConditioningMultiply multiply
        ConditioningSetArea append
        ConditioningSetAreaPercentage append
        ConditioningSetAreaStrength append
        ConditioningSetMask append conditioning mask set_cond_area strength
        ConditioningZeroOut zero_out
        ConditioningSetTimestepRange set_range
        VAEDecode decode vae samples
        VAEDecodeTiled decode vae samples tile_size overlap temporal_size temporal_overlap
        VAEEncode encode vae pixels
        VAEEncodeTiled encode vae pixels tile_size overlap temporal_size temporal_overlap
        VAEEncodeForInpaint encode vae pixels mask grow_mask_by
        CheckpointLoaderSimple load_checkpoint
        unCLIPCheckpointLoader load_checkpoint + output_vae output_clip
        unCLIPConditioning apply_adm
        CLIPSetLastLayer set_last_layer
        LoraLoader load_lora
        LoraLoaderModelOnly:LoraLoader load_lora_model_only
        VAELoader load_vae
        EmptyLatentImage generate
        LatentFromBatch frombatch
        RepeatLatentBatch repeat
        LatentUpscale upscale
        LatentUpscaleBy upscale
        LatentRotate rotate
        LatentFlip flip
        LatentComposite composite samples_to samples_from x y composite_method feather
        LatentBlend blend samples1 samples2 blend_factor blend_mode
        LatentCrop crop
        SetLatentNoiseMask set_mask
        KSampler sample
        KSamplerAdvanced sample + denoise
        SaveImage save_images + prompt extra_pnginfo
        PreviewImage:SaveImage save_images + filename_prefix prompt extra_pnginfo
        LoadImage load_image
        LoadImageMask:LoadImage load_image_mask
        ImageScale upscale
        ImageScaleBy upscale
        ImageInvert invert
        ImageBatch batch
        EmptyImage generate
        ImagePadForOutpaint expand_image
    """,
    "comfy_extras.nodes_audio": """
        SaveAudio execute audio filename_prefix format
        SaveAudioAdvanced execute
        PreviewAudio execute|save_flac
        LoadAudio execute|load
    """,
    "comfy_extras.nodes_color": """
        ColorToRGBInt execute
    """,
    "comfy_extras.nodes_curve": """
        CurveEditor execute
        ImageHistogram execute
    """,
    "comfy_extras.nodes_custom_sampler": """
        BasicScheduler execute|get_sigmas
        SplitSigmas execute|get_sigmas
        SplitSigmasDenoise execute|get_sigmas
        FlipSigmas execute|get_sigmas
        KSamplerSelect execute|get_sampler
        SamplerCustom execute|sample
        DisableNoise execute|get_noise
        RandomNoise execute|get_noise
        AddNoise execute|add_noise
    """,
    "comfy_extras.nodes_differential_diffusion": """
        DifferentialDiffusion execute
    """,
    "comfy_extras.nodes_freelunch": """
        FreeU execute|patch
        FreeU_V2 execute|patch
    """,
    "comfy_extras.nodes_glsl": """
        GLSLShader execute
    """,
    "comfy_extras.nodes_images": """
        ImageCrop execute|crop
        RepeatImageBatch execute|repeat
        ImageFromBatch execute|frombatch
        GetImageSize execute|get_size
        ImageRotate execute|rotate
        ImageFlip execute|flip
    """,
    "comfy_extras.nodes_latent": """
        LatentAdd execute
        LatentSubtract execute
        LatentMultiply execute
        LatentInterpolate execute
        LatentConcat execute
        LatentCut execute
        LatentBatch execute
        LatentBatchSeedBehavior execute
    """,
    "comfy_extras.nodes_logic": """
        ComfyNotNode=NotNode execute
        ComfyAndNode=AndNode execute
        ComfyOrNode=OrNode execute
        ComfySwitchNode=SwitchNode execute switch on_true on_false
    """,
    "comfy_extras.nodes_mask": """
        LatentCompositeMasked execute|composite
        ImageCompositeMasked execute|composite
        MaskToImage execute|mask_to_image
        ImageToMask execute|image_to_mask
        ImageColorToMask execute|image_to_mask
        SolidMask execute|solid
        InvertMask execute|invert
        CropMask execute|crop
        MaskComposite execute|combine
        FeatherMask execute|feather
        GrowMask execute|expand_mask
        ThresholdMask execute|image_to_mask
        MaskPreview execute mask filename_prefix
    """,
    "comfy_extras.nodes_math": """
        ComfyMathExpression=MathExpressionNode execute
    """,
    "comfy_extras.nodes_model_advanced": """
        ModelSamplingDiscrete patch
        ModelSamplingContinuousV patch
        RescaleCFG patch
    """,
    "comfy_extras.nodes_model_merging": """
        ModelMergeSimple merge
        ModelMergeSubtract=ModelSubtract merge
        ModelMergeAdd=ModelAdd merge
        CLIPMergeSimple merge
        CLIPMergeSubtract=CLIPSubtract merge
        CLIPMergeAdd=CLIPAdd merge
        ModelMergeBlocks merge
        CheckpointSave save model clip vae filename_prefix prompt extra_pnginfo
    """,
    "comfy_extras.nodes_model_merging_model_specific": """
        ModelMergeSD1 merge
        ModelMergeSD2 merge
        ModelMergeSDXL merge
        ModelMergeSD3_2B merge
        ModelMergeSD35_Large merge
        ModelMergeAuraflow merge
        ModelMergeFlux1 merge
        ModelMergeQwenImage merge
    """,
    "comfy_extras.nodes_number_convert": """
        ComfyNumberConvert=NumberConvertNode execute
    """,
    "comfy_extras.nodes_pag": """
        PerturbedAttentionGuidance execute
    """,
    "comfy_extras.nodes_perpneg": """
        PerpNeg execute
    """,
    "comfy_extras.nodes_post_processing": """
        ImageBlend=Blend execute
        ImageScaleToTotalPixels execute
    """,
    "comfy_extras.nodes_preview_any": """
        PreviewAny main
    """,
    "comfy_extras.nodes_primitive": """
        PrimitiveString=String execute
        PrimitiveStringMultiline=StringMultiline execute
        PrimitiveInt=Int execute
        PrimitiveFloat=Float execute
        PrimitiveBoolean=Boolean execute
    """,
    "comfy_extras.nodes_rebatch": """
        RebatchLatents=LatentRebatch execute
    """,
    "comfy_extras.nodes_sag": """
        SelfAttentionGuidance execute
    """,
    "comfy_extras.nodes_string": """
        StringConcatenate execute
        StringSubstring execute
        StringLength execute
        CaseConverter execute
        StringTrim execute
        StringReplace execute
        StringContains execute
        StringCompare execute
        RegexMatch execute
        RegexExtract execute
        RegexReplace execute
    """,
    "comfy_extras.nodes_toolkit": """
        CreateList execute
    """,
    "comfy_extras.nodes_video": """
        SaveVideo execute
        CreateVideo execute
        GetVideoComponents execute
        LoadVideo execute
    """,
}


def rows() -> Iterator[Row]:
    """Yield the table's rows."""
    for module, text in TABLE.items():
        for line in filter(None, map(str.strip, text.splitlines())):
            name, methods, *parameters = line.split()
            name, _, base = name.partition(":")
            operator, _, cls = name.partition("=")
            yield Row(operator, module, cls or operator, base or None, tuple(methods.split("|")), tuple(parameters))
