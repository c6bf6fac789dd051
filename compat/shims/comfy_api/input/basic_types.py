"""What arrives at nodes."""

from comfy_api.latest._input.basic_types import AudioInput as AudioInput
from comfy_api.latest._input.basic_types import ImageInput as ImageInput
from comfy_api.latest._input.basic_types import LatentInput as LatentInput
from comfy_api.latest._input.basic_types import MaskInput as MaskInput
