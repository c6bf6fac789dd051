"""Learner: what is learned does not depend on interruptions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from diffusion.training.config import Plan, TrainingProgress, TrainingStopped
from diffusion.training.loop import Learner

PLAN = Plan(steps=12, batch=4, learning_rate=0.05, warmup=2, save_every=5)


def new_learner(path: Path) -> tuple[Learner[nn.Linear], nn.Linear]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Linear(3, 1)
    return Learner("line", module, PLAN, path), module


def loss_of(module: nn.Linear, step: int) -> Tensor:
    x = torch.randn(PLAN.batch, 3, generator=torch.Generator().manual_seed(step))
    return (module(x) - x.sum(dim=1, keepdim=True)).square().mean()


def ignore(progress: TrainingProgress) -> None:
    pass


def run(path: Path, stop_at: int | None = None) -> Learner[nn.Linear]:
    learner, module = new_learner(path)
    learner.run(lambda step: loss_of(module, step), ignore, lambda: learner.step == stop_at)
    return learner


def test_an_interrupted_training_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole.pt").averaged()
    with pytest.raises(TrainingStopped, match="after step 7"):
        run(tmp_path / "parts.pt", stop_at=7)
    parts = run(tmp_path / "parts.pt").averaged()
    assert torch.equal(whole.weight, parts.weight)
    assert not torch.equal(whole.weight, new_learner(tmp_path / "new.pt")[1].weight)


def test_a_crash_loses_no_more_than_the_steps_since_the_last_save(tmp_path: Path) -> None:
    learner, module = new_learner(tmp_path / "crash.pt")

    def loss_of_step(step: int) -> Tensor:
        if step == 8:
            raise RuntimeError("the power went out")
        return loss_of(module, step)

    with pytest.raises(RuntimeError, match="power"):
        learner.run(loss_of_step, ignore, lambda: False)
    assert new_learner(tmp_path / "crash.pt")[0].step == 5
    assert torch.equal(run(tmp_path / "crash.pt").averaged().weight, run(tmp_path / "whole.pt").averaged().weight)


def test_the_loss_falls_and_every_step_is_told(tmp_path: Path) -> None:
    told: list[TrainingProgress] = []
    learner, module = new_learner(tmp_path / "line.pt")
    before = float(loss_of(module, 99).detach())
    learner.run(lambda step: loss_of(module, step), told.append, lambda: False)
    assert [progress.step for progress in told] == list(range(1, PLAN.steps + 1))
    assert float(loss_of(module, 99).detach()) < before / 2


def test_on_save_is_called_after_each_save(tmp_path: Path) -> None:
    learner, module = new_learner(tmp_path / "line.pt")
    saved: list[int] = []
    learner.run(lambda step: loss_of(module, step), ignore, lambda: False, lambda: saved.append(learner.step))
    assert saved == [5, 10, 12]


def test_the_learning_rate_rises_stays_and_falls() -> None:
    plan = Plan(steps=100, batch=1, learning_rate=1.0, warmup=10, decay=0.5)
    rates = [plan.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9:51] == [1.0] * 42
    assert rates[51:] == sorted(rates[51:], reverse=True)
    assert 0 < rates[-1] < 0.05
