"""What a node may know beside its inputs: its id, the prompt, what the client sent along."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Hidden(str, Enum):
    """Names of what a schema may ask for."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"
    comfy_usage_source = "COMFY_USAGE_SOURCE"


class HiddenHolder:
    """What was asked for, as attributes; None for everything else."""

    def __init__(
        self,
        unique_id: Any,
        prompt: Any,
        extra_pnginfo: Any,
        dynprompt: Any,
        auth_token_comfy_org: Any,
        api_key_comfy_org: Any,
        comfy_usage_source: Any = None,
        **others: Any,
    ) -> None:
        """Take the values; others are passed over."""
        self.unique_id = unique_id
        self.prompt = prompt
        self.extra_pnginfo = extra_pnginfo
        self.dynprompt = dynprompt
        self.auth_token_comfy_org = auth_token_comfy_org
        self.api_key_comfy_org = api_key_comfy_org
        self.comfy_usage_source = comfy_usage_source

    def __getattr__(self, name: str) -> None:
        return None

    @classmethod
    def from_dict(cls, values: Mapping[Any, Any] | None) -> HiddenHolder:
        """Return a holder of values by their Hidden."""
        given = values or {}
        return cls(**{each.name: given.get(each) for each in Hidden})

    @classmethod
    def from_v3_data(cls, v3_data: Mapping[str, Any] | None) -> HiddenHolder:
        """Return a holder of what ComfyUI keeps beside the inputs of a call."""
        return cls.from_dict(v3_data["hidden_inputs"] if v3_data else None)
