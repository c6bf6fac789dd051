"""ComfyUI's `comfy.hooks`: changes of weights that act at some prompts or times only. Weft makes none of them.

conditioning_set_values_with_hooks(conditioning, {"strength": 0.5})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class HookGroup:
    """Hooks of a pack's own that go together."""

    def __init__(self) -> None:
        self.hooks: list[Any] = []

    def __len__(self) -> int:
        return len(self.hooks)

    def add(self, hook: Any) -> None:
        """Add a hook, once."""
        if hook not in self.hooks:
            self.hooks.append(hook)

    def clone(self) -> HookGroup:
        """Return an equal group."""
        made = HookGroup()
        made.hooks = list(self.hooks)
        return made

    @staticmethod
    def combine_all_hooks(hooks_list: Sequence[HookGroup | None], require_count: int = 0) -> HookGroup | None:
        """Return all hooks of some groups in one; None if there are fewer groups than needed, or none."""
        groups = [group for group in hooks_list if group is not None]
        if len(groups) < max(require_count, 1):
            return None
        made = HookGroup()
        for hook in (hook for group in groups for hook in group.hooks):
            made.add(hook)
        return made


def conditioning_set_values_with_hooks(
    conditioning: Sequence[Any], values: Mapping[str, Any] | None = None, append_hooks: bool = True, cache: Any = None
) -> list[Any]:
    """Set entries of every prompt."""
    return [[pair[0], {**pair[1], **(values or {})}] for pair in conditioning]
