"""What the machine's GPUs say of themselves."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.quantities import percent


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU; None is what it does not tell. `utilisation` runs from 0 to 1."""

    name: str
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    utilisation: float | None = None
    temperature_celsius: int | None = None
    power_watts: float | None = None

    @property
    def words(self) -> str:
        """Return what it tells in one line, without what it does not."""
        busy = "" if self.utilisation is None else f"{percent(self.utilisation, 1)} busy"
        heat = "" if self.temperature_celsius is None else f"{self.temperature_celsius} °C"
        power = "" if self.power_watts is None else f"{self.power_watts:.0f} W"
        return ", ".join(part for part in (self.name or "a GPU", self._memory, busy, heat, power) if part)

    @property
    def _memory(self) -> str:
        if self.memory_used_bytes is None or self.memory_total_bytes is None:
            return "memory unknown"
        return f"{self.memory_used_bytes // 2**20:,} of {self.memory_total_bytes // 2**20:,} MiB used"


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """All GPUs as they were read last with `driver`; `problem` is why they could not be read now."""

    gpus: tuple[Gpu, ...] = ()
    driver: str = ""
    problem: Problem | None = None

    @property
    def free_bytes(self) -> int | None:
        """Return what is free on all of them together, None where one does not tell."""
        free = [
            gpu.memory_total_bytes - gpu.memory_used_bytes
            for gpu in self.gpus
            if gpu.memory_total_bytes is not None and gpu.memory_used_bytes is not None
        ]
        return sum(free) if free and len(free) == len(self.gpus) else None
