"""The machine's NVIDIA GPUs, as the driver's own library (NVML) tells of them.

Both the library and the package that calls it (nvidia-ml-py, the extra "gpu") may be missing; then there is
nothing to tell. Units and error numbers are those of nvml.h: bytes, percent, degrees Celsius, milliwatts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from cortensor_tui.domain.gpus import Gpu, GpuReading
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem

T = TypeVar("T")

_NOT_SUPPORTED, _NO_PERMISSION, _LIBRARY_NOT_FOUND = 3, 4, 12
_UNTOLD = (_NOT_SUPPORTED, _NO_PERMISSION)
_LIB_RM_VERSION_MISMATCH, _GPU_IS_LOST, _RESET_REQUIRED, _DRIVER_NOT_LOADED = 18, 15, 16, 9
_REMEDIES = {
    _LIB_RM_VERSION_MISMATCH: "Restart the machine: the driver was updated while the old one runs",
    _GPU_IS_LOST: "Look at the kernel's log, then restart the machine",
    _RESET_REQUIRED: "Reset the GPU with nvidia-smi, or restart the machine",
    _DRIVER_NOT_LOADED: "Load the NVIDIA driver, or give the container the GPU",
}
_ALL_GPUS = 64  # more than a machine holds


class Nvml(Protocol):
    """The calls of the module `pynvml` that are used here; each may raise its `NVMLError`."""

    NVML_TEMPERATURE_GPU: int
    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...  # noqa: N802 - pynvml's names
    def nvmlShutdown(self) -> None: ...  # noqa: N802
    def nvmlSystemGetDriverVersion(self) -> str | bytes: ...  # noqa: N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetName(self, handle: Any, /) -> str | bytes: ...  # noqa: N802
    def nvmlDeviceGetMemoryInfo(self, handle: Any, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetUtilizationRates(self, handle: Any, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int, /) -> int: ...  # noqa: N802
    def nvmlDeviceGetPowerUsage(self, handle: Any, /) -> int: ...  # noqa: N802


def load_nvml() -> Nvml | None:
    """Return the package's module, None where it is not installed."""
    try:
        return importlib.import_module("pynvml")
    except ImportError:
        return None


class GpuReader:
    """Reads all GPUs. Calls wait for the driver, so they belong into a thread; one at a time."""

    def __init__(self, load: Callable[[], Nvml | None] = load_nvml) -> None:
        self._load = load
        self._nvml: Nvml | None = None
        self._is_absent = False

    def read(self) -> GpuReading | None:
        """Return what they tell now, None where there is no package or no driver's library."""
        if self._is_absent:
            return None
        nvml = self._nvml or self._load()
        if nvml is None:
            self._is_absent = True
            return None
        try:
            if self._nvml is None:
                nvml.nvmlInit()
                self._nvml = nvml
            return _reading(nvml)
        except nvml.NVMLError as error:
            self.close()  # what was opened before an update or a reset is of no use after it
            if _number(error) == _LIBRARY_NOT_FOUND:
                self._is_absent = True
                return None
            return GpuReading(problem=gpus_unreadable(str(error), _REMEDIES.get(_number(error), "")))

    def close(self) -> None:
        """Let go of the driver until the next reading."""
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            _told(nvml, nvml.nvmlShutdown, passes=None)


def gpus_unreadable(why: str, remedy: str = "") -> Problem:
    """Say that the driver did not tell; the engine may compute on the GPU all the same."""
    return Problem(
        code="gpu_unreadable",
        what="The GPU's figures cannot be read",
        why=inert(why, 200),
        remedy=remedy or "See whether nvidia-smi reads them",
    )


def _reading(nvml: Nvml) -> GpuReading:
    count = min(nvml.nvmlDeviceGetCount(), _ALL_GPUS)
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    return GpuReading(
        gpus=tuple(_gpu(nvml, handle) for handle in handles),
        driver=_text(nvml.nvmlSystemGetDriverVersion()),
    )


def _gpu(nvml: Nvml, handle: Any) -> Gpu:
    memory = _told(nvml, lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    rates = _told(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    milliwatts = _told(nvml, lambda: nvml.nvmlDeviceGetPowerUsage(handle))
    return Gpu(
        name=_text(nvml.nvmlDeviceGetName(handle)),
        memory_used_bytes=None if memory is None else int(memory.used),
        memory_total_bytes=None if memory is None else int(memory.total),
        utilisation=None if rates is None else int(rates.gpu) / 100,
        temperature_celsius=_told(
            nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)
        ),
        power_watts=None if milliwatts is None else milliwatts / 1000,
    )


def _told(nvml: Nvml, ask: Callable[[], T], passes: tuple[int, ...] | None = _UNTOLD) -> T | None:
    """Return a figure, None where this GPU has none to tell; other errors pass on, unless all are taken."""
    try:
        return ask()
    except nvml.NVMLError as error:
        if passes is not None and _number(error) not in passes:
            raise
        return None


def _number(error: Exception) -> int:
    return int(getattr(error, "value", -1))


def _text(told: str | bytes) -> str:
    return inert(told.decode("utf-8", "replace") if isinstance(told, bytes) else told, 80)
