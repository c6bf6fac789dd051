"""Compilation of models."""

from .torch_compile import set_torch_compile_wrapper as set_torch_compile_wrapper
