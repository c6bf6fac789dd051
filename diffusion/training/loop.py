"""The loop that every stage of the training shares: optimizer, moving average of the weights, saving and resuming.

learner = Learner("autoencoder", module, plan, Path("train/autoencoder.pt"))
learner.run(loss_of_step, on_progress, should_stop)
learner.averaged()  # the module with its averaged weights
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from diffusion.train import Ema
from diffusion.training.config import OnProgress, Plan, ShouldStop, TrainingProgress, TrainingStopped

Module = TypeVar("Module", bound=nn.Module)
LOSS_MEMORY = 0.98  # the shown loss is a moving average over about 50 steps


class Learner(Generic[Module]):
    """A module that learns: its optimizer, the average of its weights and the step, all kept in one file."""

    def __init__(self, stage: str, module: Module, plan: Plan, path: Path) -> None:
        self._stage, self._module, self._plan, self._path = stage, module, plan, path
        self._optimizer = torch.optim.AdamW(module.parameters(), betas=(0.9, 0.99), weight_decay=0.01, foreach=True)
        self._average = Ema(module, plan.ema)
        self._loss: float | None = None
        self.step = 0
        if path.exists():
            self._restore()

    def run(
        self,
        loss_of_step: Callable[[int], Tensor],
        on_progress: OnProgress,
        should_stop: ShouldStop,
        on_save: Callable[[], None] = lambda: None,
    ) -> None:
        """Learn until the plan is done. `loss_of_step` must depend on nothing but the step and the weights.

        `on_save` is called after each of the plan's saves.
        """
        while self.step < self._plan.steps:
            if should_stop():
                self.save()
                raise TrainingStopped(f"{self._stage}: stopped after step {self.step}; the same command goes on.")
            self._learn(loss_of_step(self.step))
            on_progress(TrainingProgress(self._stage, self.step, self._plan.steps, self._loss or 0.0))
            if self.step % self._plan.save_every == 0 or self.step == self._plan.steps:
                self.save()
                on_save()

    def averaged(self) -> Module:
        """Return a copy of the module with the averaged weights, for use."""
        module = copy.deepcopy(self._module)
        self._average.copy_to(module)
        return module.eval().requires_grad_(False)

    def save(self) -> None:
        """Write everything that is needed to go on; the file is whole at any moment."""
        state = {
            "step": self.step,
            "module": self._module.state_dict(),
            "average": self._average.weights,
            "optimizer": self._optimizer.state_dict(),
        }
        partial = self._path.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, self._path)

    def _learn(self, loss: Tensor) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self._plan.rate(self.step)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._module.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        self._average.update(self._module, self.step)
        value = loss.item()
        self._loss = value if self._loss is None else LOSS_MEMORY * self._loss + (1 - LOSS_MEMORY) * value

    def _restore(self) -> None:
        state = torch.load(self._path, weights_only=True, map_location="cpu")
        self._module.load_state_dict(state["module"])
        self._average.weights = state["average"]
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
