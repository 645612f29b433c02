"""The GPUs are read while somebody looks, and a driver that hangs holds up nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from cortensor_tui.domain.gpus import GpuReading
from cortensor_tui.inference.gpus import GpuReader
from cortensor_tui.node.gpu_watch import GpuWatch
from tests.inference.nvml_double import NvmlDouble


class HangingReader(GpuReader):
    """One whose driver does not answer before `may_answer` is set."""

    def __init__(self) -> None:
        super().__init__(lambda: NvmlDouble(count=1))
        self.may_answer = threading.Event()
        self.readings = 0

    def read(self) -> GpuReading | None:
        self.readings += 1
        self.may_answer.wait()
        return super().read()


@pytest.fixture
def hanging() -> Iterator[HangingReader]:
    reader = HangingReader()
    yield reader
    reader.may_answer.set()


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_figures_are_there_while_somebody_looks_and_gone_with_the_last() -> None:
    nvml = NvmlDouble()
    looking = False
    watch = GpuWatch(lambda: looking, GpuReader(lambda: nvml), look_s=0.01)
    running = asyncio.create_task(watch.run())
    try:
        await asyncio.sleep(0.05)
        assert nvml.calls == []
        looking = True
        await until(lambda: watch.reading is not None and len(watch.reading.gpus) == 2)
        looking = False
        await until(lambda: watch.reading is None and "nvmlShutdown" in nvml.calls)
    finally:
        running.cancel()


async def test_a_driver_that_hangs_is_told_and_neither_waited_for_nor_asked_again(
    hanging: HangingReader,
) -> None:
    watch = GpuWatch(lambda: True, hanging, answer_s=0.05)
    for _ in range(3):
        await watch.look()
        assert watch.reading is not None
        assert watch.reading.problem is not None
        assert "has not answered" in watch.reading.problem.why
    assert hanging.readings == 1
    hanging.may_answer.set()
    async with asyncio.timeout(20):
        while watch.reading is None or watch.reading.problem is not None:
            await watch.look()
            await asyncio.sleep(0.01)
    assert len(watch.reading.gpus) == 1


async def test_a_reader_that_fails_in_a_way_nobody_foresaw_is_a_sentence() -> None:
    class Broken(GpuReader):
        def read(self) -> GpuReading | None:
            raise OSError("libnvidia-ml.so.1: bad ELF")

    watch = GpuWatch(lambda: True, Broken())
    await watch.look()
    assert watch.reading is not None
    assert watch.reading.problem is not None
    assert "bad ELF" in watch.reading.problem.why
