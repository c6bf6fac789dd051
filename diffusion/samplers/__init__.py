"""Samplers by name: ComfyUI's names, in its order.

    x = SAMPLERS["dpmpp_2m"](denoise, x, sigmas, seed=1, callback=show)
    find_sampler("eulr")  # raises: sampler "eulr" is not known; did you mean "euler"?

A sampler is a function (see walk.Sampler): the loop is the algorithm. To add one, write it and name it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from diffusion.names import known_entry
from diffusion.samplers import (
    dpm_solver,
    dpmpp,
    dpmpp_sde,
    er_sde,
    euler,
    heun,
    multistep,
    res_multistep,
    sa_solver,
    seeds,
    uni_pc,
)
from diffusion.samplers.walk import Sampler

__all__ = ["SAMPLERS", "Sampler", "find_sampler"]

SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "euler": euler.euler,
        "euler_cfg_pp": euler.euler_cfg_pp,
        "euler_ancestral": euler.euler_ancestral,
        "euler_ancestral_cfg_pp": euler.euler_ancestral_cfg_pp,
        "heun": heun.heun,
        "heunpp2": heun.heunpp2,
        "exp_heun_2_x0": seeds.exp_heun_2_x0,
        "exp_heun_2_x0_sde": seeds.exp_heun_2_x0_sde,
        "dpm_2": heun.dpm_2,
        "dpm_2_ancestral": heun.dpm_2_ancestral,
        "lms": multistep.lms,
        "dpm_fast": dpm_solver.dpm_fast,
        "dpm_adaptive": dpm_solver.dpm_adaptive,
        "dpmpp_2s_ancestral": dpmpp.dpmpp_2s_ancestral,
        "dpmpp_2s_ancestral_cfg_pp": dpmpp.dpmpp_2s_ancestral_cfg_pp,
        "dpmpp_sde": dpmpp_sde.dpmpp_sde,
        "dpmpp_sde_gpu": partial(dpmpp_sde.dpmpp_sde, noise_on_cpu=False),
        "dpmpp_2m": dpmpp.dpmpp_2m,
        "dpmpp_2m_cfg_pp": dpmpp.dpmpp_2m_cfg_pp,
        "dpmpp_2m_sde": dpmpp_sde.dpmpp_2m_sde,
        "dpmpp_2m_sde_gpu": partial(dpmpp_sde.dpmpp_2m_sde, noise_on_cpu=False),
        "dpmpp_2m_sde_heun": partial(dpmpp_sde.dpmpp_2m_sde, heun=True),
        "dpmpp_2m_sde_heun_gpu": partial(dpmpp_sde.dpmpp_2m_sde, heun=True, noise_on_cpu=False),
        "dpmpp_3m_sde": dpmpp_sde.dpmpp_3m_sde,
        "dpmpp_3m_sde_gpu": partial(dpmpp_sde.dpmpp_3m_sde, noise_on_cpu=False),
        "ddpm": euler.ddpm,
        "lcm": euler.lcm,
        "ipndm": multistep.ipndm,
        "ipndm_v": multistep.ipndm_v,
        "deis": multistep.deis,
        "res_multistep": res_multistep.res_multistep,
        "res_multistep_cfg_pp": res_multistep.res_multistep_cfg_pp,
        "res_multistep_ancestral": res_multistep.res_multistep_ancestral,
        "res_multistep_ancestral_cfg_pp": res_multistep.res_multistep_ancestral_cfg_pp,
        "gradient_estimation": euler.gradient_estimation,
        "gradient_estimation_cfg_pp": euler.gradient_estimation_cfg_pp,
        "er_sde": er_sde.er_sde,
        "seeds_2": seeds.seeds_2,
        "seeds_3": seeds.seeds_3,
        "sa_solver": sa_solver.sa_solver,
        "sa_solver_pece": sa_solver.sa_solver_pece,
        "ddim": euler.euler,
        "uni_pc": uni_pc.uni_pc,
        "uni_pc_bh2": uni_pc.uni_pc_bh2,
    }
)


def find_sampler(name: str) -> Sampler:
    """Return the sampler of a name; UnknownNameError offers the nearest."""
    return known_entry("sampler", name, SAMPLERS)
