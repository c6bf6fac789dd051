"""ComfyUI's flags for precisions: what they choose, and which contradict each other."""

from __future__ import annotations

from itertools import combinations

import pytest

from cli.precision_flags import CPU_VAE, PRECISION_FLAGS
from cli.precision_options import PrecisionFlags
from cli.report import UsageError
from runtime.precision import PrecisionSettings


@pytest.mark.parametrize("flag", PRECISION_FLAGS)
def test_a_flag_chooses_for_its_part(flag: str) -> None:
    choice = {PRECISION_FLAGS[flag].part: PRECISION_FLAGS[flag].dtype}
    assert PrecisionFlags(frozenset({flag})).settings() == PrecisionSettings(**choice)


def test_the_vae_may_run_on_the_processor() -> None:
    assert PrecisionFlags(frozenset({CPU_VAE})).settings() == PrecisionSettings(cpu_vae=True)


@pytest.mark.parametrize(("first", "second"), tuple(combinations(PRECISION_FLAGS, 2)))
def test_two_flags_for_one_part_are_refused(first: str, second: str) -> None:
    flags = PrecisionFlags(frozenset({first, second}))
    parts = {PRECISION_FLAGS[first].part, PRECISION_FLAGS[second].part}
    same = PRECISION_FLAGS[first].dtype == PRECISION_FLAGS[second].dtype
    if same or (len(parts) == 2 and parts != {"all", "unet"}):
        flags.settings()
    else:
        with pytest.raises(UsageError, match=f"--{first} and --{second} contradict each other"):
            flags.settings()
