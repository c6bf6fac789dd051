"""The V3 types whose inputs have a widget: numbers, texts, choices."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, ClassVar

from compat.v3.inputs import ComfyTypeI, ComfyTypeIO, WidgetInput, set_only
from compat.v3.inputs import Output as PlainOutput

_END = "extra_dict raw_link advanced"


class FolderType(str, Enum):
    """The folders that files of a run are in."""

    input = "input"
    output = "output"
    temp = "temp"


class UploadType(str, Enum):
    """What may be uploaded beside a choice of files, in object_info's spelling."""

    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class NumberDisplay(str, Enum):
    """How a number is shown."""

    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"


class ControlAfterGenerate(str, Enum):
    """What an editor does with a value after a run."""

    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


class RemoteOptions:
    """Choices that an editor fetches itself."""

    def __init__(
        self,
        route: str,
        refresh_button: bool,
        control_after_refresh: str = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        """Take where the choices are, and how often to ask; times in milliseconds."""
        self.route = route
        self.refresh_button = refresh_button
        self.control_after_refresh = control_after_refresh
        self.timeout = timeout
        self.max_retries = max_retries
        self.refresh = refresh

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told."""
        return set_only(vars(self))


def word(value: Any) -> Any:
    """Return the value of a member of an Enum, anything else as it is."""
    return value.value if isinstance(value, Enum) else value


class Boolean(ComfyTypeIO):
    """Yes or no."""

    io_type = "BOOLEAN"
    Type = bool

    class Input(WidgetInput):
        """A toggle."""

        signature = (
            "id display_name optional tooltip lazy default label_on label_off socketless force_input "
            "extra_dict raw_link advanced"
        )
        told = ("label_on", "label_off")


class Int(ComfyTypeIO):
    """A whole number."""

    io_type = "INT"
    Type = int

    class Input(WidgetInput):
        """A field for whole numbers."""

        signature = (
            "id display_name optional tooltip lazy default min max step control_after_generate display_mode "
            "socketless force_input extra_dict raw_link advanced"
        )
        told = ("min", "max", "step", "control_after_generate", "display_mode")


class Float(ComfyTypeIO):
    """A number."""

    io_type = "FLOAT"
    Type = float

    class Input(WidgetInput):
        """A field for numbers."""

        signature = (
            "id display_name optional tooltip lazy default min max step round display_mode gradient_stops "
            "socketless force_input extra_dict raw_link advanced"
        )
        told = ("min", "max", "step", "round", "display_mode", "gradient_stops")


class String(ComfyTypeIO):
    """A text."""

    io_type = "STRING"
    Type = str

    class Input(WidgetInput):
        """A field for a text."""

        signature = (
            "id display_name optional tooltip lazy multiline placeholder default dynamic_prompts "
            "socketless force_input extra_dict raw_link advanced"
        )
        defaults: ClassVar[Mapping[str, Any]] = {"optional": False, "multiline": False}
        told = ("multiline", "placeholder", "dynamic_prompts")


class ComboInput(WidgetInput):
    """A choice of one value of a list, or of the members of an Enum."""

    signature = (
        "id options display_name optional tooltip lazy default control_after_generate upload image_folder remote "
        "socketless extra_dict raw_link advanced"
    )
    multiselect = False
    options: Any = None
    control_after_generate: Any = None
    upload: Any = None
    image_folder: Any = None
    remote: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the parameters; of an Enum, the values of its members."""
        super().__init__(*args, **kwargs)
        if isinstance(self.options, type) and issubclass(self.options, Enum):
            self.options = [member.value for member in self.options]
        self.default = word(self.default)

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told, with the choices."""
        uploads = {word(self.upload): True} if self.upload is not None else {}
        told = {
            "multiselect": self.multiselect,
            "options": self.options,
            "control_after_generate": self.control_after_generate,
            **uploads,
            "image_folder": word(self.image_folder),
            "remote": self.remote.as_dict() if self.remote else None,
        }
        return super().as_dict() | set_only(told)


class Combo(ComfyTypeIO):
    """One of a list."""

    io_type = "COMBO"
    Type = str

    class Input(ComboInput):
        """A choice."""

        Type = str

    class Output(PlainOutput):
        """A value of a list."""

        def __init__(
            self,
            id: str | None = None,
            display_name: str | None = None,
            options: list[str] | None = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            """Take what editors are told of the output."""
            super().__init__(id, display_name, tooltip, is_output_list)
            self.options = options if options is not None else []


class MultiCombo(ComfyTypeI):
    """Some of a list."""

    io_type = "COMBO"
    Type = list[str]

    class Input(ComboInput):
        """A choice of several values."""

        signature = (
            "id options display_name optional tooltip lazy default placeholder chip control_after_generate "
            "socketless extra_dict raw_link advanced"
        )
        multiselect = True
        placeholder: Any
        chip: Any

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, with how chosen values are shown."""
            return super().as_dict() | {"multi_select": set_only({"placeholder": self.placeholder, "chip": self.chip})}


class Webcam(ComfyTypeIO):
    """A picture of the user's camera."""

    io_type = "WEBCAM"
    Type = str

    class Input(WidgetInput):
        """What the camera sees."""

        signature = f"id display_name optional tooltip lazy default socketless {_END}"
        Type = str
