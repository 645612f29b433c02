"""Reads the GPUs' figures while somebody looks at them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from cortensor_tui.domain.gpus import GpuReading
from cortensor_tui.inference.gpus import GpuReader, gpus_unreadable

LOOK_S = 3.0
ANSWER_S = 5.0
_Reading = GpuReading | None


class GpuWatch:
    """One for a node. A driver that hangs holds up a thread that nobody waits for, and nothing else."""

    def __init__(
        self,
        is_looked_at: Callable[[], bool],
        reader: GpuReader | None = None,
        look_s: float = LOOK_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._is_looked_at = is_looked_at
        self._reader = reader or GpuReader()
        self._look_s = look_s
        self._answer_s = answer_s
        self._under_way: asyncio.Future[_Reading] | None = None
        self._is_hanging = False
        self.reading: GpuReading | None = None

    async def run(self) -> None:
        """Read now and then while somebody looks, until cancelled."""
        while True:
            if self._is_looked_at():
                await self.look()
            elif self.reading is not None:
                self.reading = None  # it would be old for who comes next
                self._reader_rests()
            await asyncio.sleep(self._look_s)

    async def look(self) -> None:
        """Read now; what is not answered in time is told as a problem, and not waited for again."""
        if self._is_hanging and self._under_way is not None and not self._under_way.done():
            return
        self._is_hanging = False
        try:
            self.reading = await self._asked(self._reader.read)
        except TimeoutError:
            self._is_hanging = True
            why = f"the driver has not answered for {self._answer_s:.0f} s"
            self.reading = GpuReading(problem=gpus_unreadable(why))
        except Exception as error:  # whatever a driver's library does, the node goes on
            self.reading = GpuReading(problem=gpus_unreadable(f"{type(error).__name__}: {error}"))

    def _reader_rests(self) -> None:
        """Let go of the driver; nobody waits for that."""
        if self._under_way is None or self._under_way.done():
            self._under_way = _in_thread(self._rest)

    def _rest(self) -> None:
        self._reader.close()

    async def _asked(self, act: Callable[[], _Reading]) -> _Reading:
        """Do it in a thread, unless one is still at it: then wait for that one. Raises `TimeoutError`."""
        if self._under_way is None or self._under_way.done():
            self._under_way = _in_thread(act)
        async with asyncio.timeout(self._answer_s):
            return await asyncio.shield(self._under_way)


def _in_thread(act: Callable[[], _Reading]) -> asyncio.Future[_Reading]:
    """Begin it in a daemon thread: the loop's own threads are waited for when the node ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Reading] = loop.create_future()

    def tell(reading: _Reading, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(reading)
        else:
            done.set_exception(error)

    def work() -> None:
        reading, fault = None, None
        try:
            reading = act()
        except Exception as error:
            fault = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, reading, fault)

    threading.Thread(target=work, name="gpus", daemon=True).start()
    return done
