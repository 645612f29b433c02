"""The module `pynvml` as a driver of our choosing answers through it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

MIB = 2**20
NOT_SUPPORTED, LIBRARY_NOT_FOUND, GPU_IS_LOST, VERSION_MISMATCH = 3, 12, 15, 18


class NvmlError(Exception):
    """As `pynvml.NVMLError`: the number is in `value`."""

    def __init__(self, value: int, words: str = "an error") -> None:
        super().__init__(words)
        self.value = value


class NvmlDouble:
    """Two GPUs. `fails` has errors by the name of the call that raises them; `calls` are those made."""

    NVML_TEMPERATURE_GPU = 0
    NVMLError: type[Exception] = NvmlError

    def __init__(self, count: int = 2) -> None:
        self.count = count
        self.fails: dict[str, NvmlError] = {}
        self.calls: list[str] = []
        self.name: str | bytes = "Fast 9000"

    def nvmlInit(self) -> None:  # noqa: N802 - pynvml's names
        self._called("nvmlInit")

    def nvmlShutdown(self) -> None:  # noqa: N802
        self._called("nvmlShutdown")

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        self._called("nvmlSystemGetDriverVersion")
        return b"580.82.07"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        self._called("nvmlDeviceGetCount")
        return self.count

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        self._called("nvmlDeviceGetHandleByIndex")
        return index

    def nvmlDeviceGetName(self, handle: int) -> str | bytes:  # noqa: N802
        self._called("nvmlDeviceGetName")
        return self.name

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        self._called("nvmlDeviceGetMemoryInfo")
        return SimpleNamespace(used=1000 * MIB, total=(8000 + handle) * MIB)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        self._called("nvmlDeviceGetUtilizationRates")
        return SimpleNamespace(gpu=45, memory=3)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:  # noqa: N802
        self._called("nvmlDeviceGetTemperature")
        return 61

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        self._called("nvmlDeviceGetPowerUsage")
        return 310_400

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fails:
            raise self.fails[name]
