"""What arrives at nodes."""

from comfy_api.latest._input import AudioInput as AudioInput
from comfy_api.latest._input import CurveInput as CurveInput
from comfy_api.latest._input import CurvePoint as CurvePoint
from comfy_api.latest._input import ImageInput as ImageInput
from comfy_api.latest._input import LatentInput as LatentInput
from comfy_api.latest._input import LinearCurve as LinearCurve
from comfy_api.latest._input import MaskInput as MaskInput
from comfy_api.latest._input import MonotoneCubicCurve as MonotoneCubicCurve
from comfy_api.latest._input import RangeInput as RangeInput
from comfy_api.latest._input import VideoInput as VideoInput
