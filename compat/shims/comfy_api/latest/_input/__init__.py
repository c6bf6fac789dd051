"""What arrives at nodes."""

from compat.v3.curves import CurveInput as CurveInput
from compat.v3.curves import CurvePoint as CurvePoint
from compat.v3.curves import LinearCurve as LinearCurve
from compat.v3.curves import MonotoneCubicCurve as MonotoneCubicCurve
from compat.v3.curves import RangeInput as RangeInput
from nodes.media.video_input import VideoInput as VideoInput

from .basic_types import AudioInput as AudioInput
from .basic_types import ImageInput as ImageInput
from .basic_types import LatentInput as LatentInput
from .basic_types import MaskInput as MaskInput
