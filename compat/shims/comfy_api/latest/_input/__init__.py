"""What arrives at nodes."""

from nodes.curves import CurveInput as CurveInput
from nodes.curves import CurvePoint as CurvePoint
from nodes.curves import LinearCurve as LinearCurve
from nodes.curves import MonotoneCubicCurve as MonotoneCubicCurve
from nodes.curves import RangeInput as RangeInput
from nodes.media.video_input import VideoInput as VideoInput

from .basic_types import AudioInput as AudioInput
from .basic_types import ImageInput as ImageInput
from .basic_types import LatentInput as LatentInput
from .basic_types import MaskInput as MaskInput
