"""The device that runs would use, and its memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from cli.checks.finding import DeviceReport, Finding, Site, State, size_text

NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")  # there if Linux has loaded the driver


def check_device(site: Site) -> Iterator[Finding]:
    """Say which device would be used."""
    report = site.probe.device
    if report is None:
        yield _no_device(site)
        return
    free, total = size_text(report.free_bytes), size_text(report.total_bytes)
    message = f"{report.device}: {report.name}, {free} of {total} free"
    yield Finding("device", State.OK, message, data=asdict(report))
    if report.device == "cpu" and has_nvidia_driver():
        yield _unused_gpu(report)


def _no_device(site: Site) -> Finding:
    if site.probe.failure("torch") is not None:
        return Finding("device", State.PROBLEM, "There is no device without torch.", "Repair torch first (see above).")
    if site.probe.device_problem is None:
        return Finding("device", State.PROBLEM, "The device was not looked at.", "Repair the packages above first.")
    remedy = "Check the driver, or choose a device: weft run FILE --device cpu"
    return Finding("device", State.PROBLEM, f"No device can be used: {site.probe.device_problem}.", remedy)


def _unused_gpu(report: DeviceReport) -> Finding:
    if report.is_gpu_build:
        message = "There is an NVIDIA driver, but torch sees no usable card."
        return Finding("gpu", State.NOTE, message, "Update the driver, or check CUDA_VISIBLE_DEVICES.")
    message = "There is an NVIDIA driver, but this torch is built for the CPU only."
    return Finding("gpu", State.NOTE, message, "Install a build of torch with CUDA, as PyTorch's own guide says.")


def has_nvidia_driver() -> bool:
    """Return whether the machine seems to have an NVIDIA card."""
    return NVIDIA_DRIVER.exists() or shutil.which("nvidia-smi") is not None
