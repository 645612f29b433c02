"""The GPUs' figures: what is told, what is not, and what a driver in trouble leads to."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.gpus import Gpu, GpuReading
from cortensor_tui.inference.gpus import GpuReader
from tests.inference.nvml_double import (
    GPU_IS_LOST,
    LIBRARY_NOT_FOUND,
    MIB,
    NOT_SUPPORTED,
    VERSION_MISMATCH,
    NvmlDouble,
    NvmlError,
)


def read(nvml: NvmlDouble) -> GpuReading:
    reading = GpuReader(lambda: nvml).read()
    assert reading is not None
    return reading


def test_each_gpu_tells_what_it_is_and_does() -> None:
    reading = read(NvmlDouble())
    assert reading.driver == "580.82.07"
    assert reading.gpus[1] == Gpu(
        name="Fast 9000",
        memory_used_bytes=1000 * MIB,
        memory_total_bytes=8001 * MIB,
        utilisation=0.45,
        temperature_celsius=61,
        power_watts=310.4,
    )
    assert reading.gpus[0].words == "Fast 9000, 1,000 of 8,000 MiB used, 45 % busy, 61 °C, 310 W"
    assert reading.free_bytes == 14_001 * MIB


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("nvmlDeviceGetMemoryInfo", "Fast 9000, memory unknown, 45 % busy, 61 °C, 310 W"),
        ("nvmlDeviceGetUtilizationRates", "Fast 9000, 1,000 of 8,000 MiB used, 61 °C, 310 W"),
        ("nvmlDeviceGetTemperature", "Fast 9000, 1,000 of 8,000 MiB used, 45 % busy, 310 W"),
        ("nvmlDeviceGetPowerUsage", "Fast 9000, 1,000 of 8,000 MiB used, 45 % busy, 61 °C"),
    ],
)
def test_a_figure_that_a_gpu_does_not_have_is_left_out_and_never_zero(call: str, words: str) -> None:
    nvml = NvmlDouble()
    nvml.fails[call] = NvmlError(NOT_SUPPORTED)
    reading = read(nvml)
    assert (reading.gpus[0].words, reading.problem) == (words, None)


def test_memory_that_one_gpu_does_not_tell_is_not_counted_as_none() -> None:
    assert (
        GpuReading(gpus=(Gpu(name="a", memory_used_bytes=1, memory_total_bytes=3), Gpu(name="b"))).free_bytes
        is None
    )
    assert GpuReading().free_bytes is None


def test_without_the_package_or_the_drivers_library_there_is_nothing_and_it_is_tried_once() -> None:
    nvml = NvmlDouble()
    nvml.fails["nvmlInit"] = NvmlError(LIBRARY_NOT_FOUND)
    asked = []

    def no_package() -> None:
        asked.append(1)

    for reader in (GpuReader(no_package), GpuReader(lambda: nvml)):
        assert (reader.read(), reader.read()) == (None, None)
    assert len(asked) == 1
    assert nvml.calls == ["nvmlInit"]


@pytest.mark.parametrize(
    ("call", "number", "words", "remedy"),
    [
        ("nvmlInit", VERSION_MISMATCH, "RM has detected an NVML/RM version mismatch.", "Restart the machine"),
        ("nvmlDeviceGetMemoryInfo", GPU_IS_LOST, "GPU is lost", "kernel's log"),
        ("nvmlDeviceGetCount", 999, "Unknown \x1b[31mError", "nvidia-smi"),
    ],
)
def test_a_driver_in_trouble_is_a_sentence_and_is_opened_anew(
    call: str, number: int, words: str, remedy: str
) -> None:
    nvml = NvmlDouble()
    nvml.fails[call] = NvmlError(number, words)
    reader = GpuReader(lambda: nvml)
    reading = reader.read()
    assert reading is not None
    assert reading.problem is not None
    assert reading.gpus == ()
    assert reading.problem.code == "gpu_unreadable"
    assert remedy in reading.problem.remedy
    assert "\x1b" not in reading.problem.why
    nvml.fails.clear()
    again = reader.read()
    assert again is not None
    assert (len(again.gpus), again.problem) == (2, None)
    assert nvml.calls.count("nvmlInit") == 2


def test_a_name_from_a_driver_is_made_harmless() -> None:
    nvml = NvmlDouble(count=1)
    nvml.name = b"\x1b]0;mine\x07 \xff card"
    assert read(nvml).gpus[0].name.isprintable()


def test_the_driver_is_kept_open_between_readings_and_let_go_once() -> None:
    nvml = NvmlDouble(count=1)
    reader = GpuReader(lambda: nvml)
    reader.read()
    reader.read()
    nvml.fails["nvmlShutdown"] = NvmlError(GPU_IS_LOST)
    reader.close()
    reader.close()
    assert (nvml.calls.count("nvmlInit"), nvml.calls.count("nvmlShutdown")) == (1, 1)
