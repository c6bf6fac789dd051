"""Compilation of models by torch.compile: it changes how fast a model is, not what it gives. Here models stay as they are."""

import logging
from typing import Any

logger = logging.getLogger(__name__)

COMPILE_KEY = "torch.compile"
TORCH_COMPILE_KWARGS = "torch_compile_kwargs"


def set_torch_compile_wrapper(model: Any, backend: str, *args: Any, **kwargs: Any) -> None:
    """Keep what was asked for among the model's options, and tell that the model is not compiled."""
    logger.warning("A node pack asks for torch.compile (%s): the model runs as it is, with the same result.", backend)
    model.model_options[TORCH_COMPILE_KWARGS] = {"backend": backend, **kwargs}
