"""ComfyUI's `comfy.comfy_types.node_typing`: names of socket types, and classes that packs annotate and inherit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import Any, Literal, TypedDict


class StrEnum(str, Enum):  # noqa: UP042  # packs compare its members with strings of their own making
    """Words that are texts too."""

    def __str__(self) -> str:
        return str(self.value)


class IO(StrEnum):
    """Types of sockets. Two of them differ unless one is a part of the other, or either is `*`."""

    STRING = "STRING"
    IMAGE = "IMAGE"
    MASK = "MASK"
    LATENT = "LATENT"
    BOOLEAN = "BOOLEAN"
    INT = "INT"
    FLOAT = "FLOAT"
    COMBO = "COMBO"
    CONDITIONING = "CONDITIONING"
    SAMPLER = "SAMPLER"
    SIGMAS = "SIGMAS"
    GUIDER = "GUIDER"
    NOISE = "NOISE"
    CLIP = "CLIP"
    CONTROL_NET = "CONTROL_NET"
    VAE = "VAE"
    MODEL = "MODEL"
    LORA_MODEL = "LORA_MODEL"
    LOSS_MAP = "LOSS_MAP"
    CLIP_VISION = "CLIP_VISION"
    CLIP_VISION_OUTPUT = "CLIP_VISION_OUTPUT"
    STYLE_MODEL = "STYLE_MODEL"
    GLIGEN = "GLIGEN"
    UPSCALE_MODEL = "UPSCALE_MODEL"
    AUDIO = "AUDIO"
    WEBCAM = "WEBCAM"
    POINT = "POINT"
    FACE_ANALYSIS = "FACE_ANALYSIS"
    BBOX = "BBOX"
    SEGS = "SEGS"
    VIDEO = "VIDEO"
    ANY = "*"
    NUMBER = "FLOAT,INT"
    PRIMITIVE = "STRING,FLOAT,INT,BOOLEAN"

    def __ne__(self, value: object) -> bool:
        if "*" in (str(self), value):
            return False
        if not isinstance(value, str):
            return True
        own, other = (frozenset(str(each).split(",")) for each in (self, value))
        return not (own <= other or other <= own)

    def __hash__(self) -> int:
        return str.__hash__(self.value)


class RemoteInputOptions(TypedDict, total=False):
    """A list of choices that an editor asks for. timeout and refresh in ms."""

    route: str
    refresh_button: bool
    control_after_refresh: Literal["first", "last"]
    timeout: int
    max_retries: int
    refresh: int


class MultiSelectOptions(TypedDict, total=False):
    """How an editor shows a widget with several choices at once."""

    placeholder: str
    chip: bool


class InputTypeOptions(TypedDict, total=False):
    """The options of an input, whatever its type."""

    default: Any
    defaultInput: bool
    forceInput: bool
    lazy: bool
    rawLink: bool
    tooltip: str
    socketless: bool
    widgetType: str
    min: float
    max: float
    step: float
    round: float
    label_on: str
    label_off: str
    multiline: bool
    placeholder: str
    dynamicPrompts: bool
    image_upload: bool
    image_folder: Literal["input", "output", "temp"]
    remote: RemoteInputOptions
    control_after_generate: bool
    options: list[str | int | float]
    multi_select: MultiSelectOptions
    gradient_stops: list[dict[str, Any]]


class HiddenInputTypeDict(TypedDict, total=False):
    """Inputs that the engine gives: the node's id, the prompt, what the editor sent along."""

    node_id: Literal["UNIQUE_ID"]
    unique_id: Literal["UNIQUE_ID"]
    prompt: Literal["PROMPT"]
    extra_pnginfo: Literal["EXTRA_PNGINFO"]
    dynprompt: Literal["DYNPROMPT"]


class InputTypeDict(TypedDict, total=False):
    """What INPUT_TYPES returns."""

    required: dict[str, tuple[Any, InputTypeOptions]]
    optional: dict[str, tuple[Any, InputTypeOptions]]
    hidden: HiddenInputTypeDict


class ComfyNodeABC(ABC):
    """A base that says which names a node class has."""

    DESCRIPTION: str
    CATEGORY: str
    EXPERIMENTAL: bool
    DEPRECATED: bool
    DEV_ONLY: bool
    API_NODE: bool | None
    OUTPUT_NODE: bool
    INPUT_IS_LIST: bool
    OUTPUT_IS_LIST: tuple[bool, ...]
    RETURN_TYPES: tuple[Any, ...]
    RETURN_NAMES: tuple[str, ...]
    OUTPUT_TOOLTIPS: tuple[str, ...]
    FUNCTION: str

    @classmethod
    @abstractmethod
    def INPUT_TYPES(cls) -> InputTypeDict:
        """Return the inputs: `{"required": {"image": ("IMAGE", {})}}`."""
        return {"required": {}}


class CheckLazyMixin:
    """Asks for all lazy inputs."""

    def check_lazy_status(self, **kwargs: Any) -> list[str]:
        """Return the names of what is not there yet."""
        return [name for name, value in kwargs.items() if value is None]


class FileLocator(TypedDict):
    """A file as clients name it."""

    filename: str
    subfolder: str
    type: Literal["input", "output", "temp"]
