"""When a node says that the chain does not answer: not before it is so, and no longer than it is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import msgspec
import pytest

from cortensor_tui.chain.networks.resolve import ChainIdentity
from cortensor_tui.domain.health import ChainHealth
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.journal.database import Database
from cortensor_tui.node import chain_room
from cortensor_tui.node.chain_room import UNREAD_AFTER_S, ChainEvents, ChainRoom
from cortensor_tui.node.link import ChainLink, LinkedAddresses
from cortensor_tui.node.work import ChainWork
from cortensor_tui.settings import load_settings
from tests.chain.endpoints.scripted import GENESIS, ScriptedEndpoint
from tests.chain.forking_chain import no_answer
from tests.support.clock import StandingClock

NODE = "0x" + "22" * 20
LIMIT_S = 20.0


class Row(msgspec.Struct, frozen=True):
    """The chain as the journal knows it."""

    chain: int = 1


class Contracts(msgspec.Struct, frozen=True):
    """Whose addresses do not matter here."""

    session_v2: str = NODE
    session_queue_v2: str = NODE


class Reader(msgspec.Struct, frozen=True):
    """Reads nothing."""

    contracts: Contracts = Contracts()


class FoundLink:
    """A chain that is found whenever its endpoint answers, once for each time it is opened."""

    def __init__(self, clock: StandingClock) -> None:
        self.identity = ChainIdentity(chain_id=31337, genesis_hash=GENESIS)
        self.journal = Row()
        self.reader = Reader()
        self.profile = None
        self.answers = 0
        self.answered_at: float | None = None
        self._clock = clock

    def see(self) -> None:
        self.answers += 1
        self.answered_at = self._clock.now()

    def health(self) -> ChainHealth:
        return ChainHealth(network="devnet", endpoint="http://scripted")


class SteppedWork:
    """Looks that a test lets begin, ask and end; what a look ends in is put into `ends`."""

    def __init__(self, link: FoundLink) -> None:
        self.link = link
        self.begun = asyncio.Event()
        self.ends: asyncio.Queue[Exception | bool] = asyncio.Queue()

    async def look(self) -> bool:
        self.begun.set()
        ended = await self.ends.get()
        self.begun.clear()
        if isinstance(ended, Exception):
            raise ended
        self.link.see()
        return ended

    async def rest(self) -> None:
        pass

    async def stop(self) -> None:
        pass


class Told:
    """A room with one endpoint, and what it tells."""

    def __init__(self, room: ChainRoom, host: ScriptedEndpoint, clock: StandingClock) -> None:
        self.room = room
        self.host = host
        self.clock = clock
        self.works: asyncio.Queue[SteppedWork] = asyncio.Queue()

    async def work(self) -> SteppedWork:
        """Return the work on the next chain that is found, in its first look."""
        async with asyncio.timeout(LIMIT_S):
            work = await self.works.get()
            await work.begun.wait()
            return work

    async def ended(self, work: SteppedWork, how: Exception | bool) -> None:
        """End a look, and wait for the next."""
        async with asyncio.timeout(LIMIT_S):
            work.begun.clear()
            work.ends.put_nowait(how)
            await work.begun.wait()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
async def told(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    monkeypatch.setattr(chain_room, "RECONNECT_S", 0.0)
    host, clock = ScriptedEndpoint(), StandingClock()
    await host.start()
    path = tmp_path / "node.env"
    watched = f"CORTENSOR_TUI_WATCH_ADDRESS={NODE}\nCORTENSOR_TUI_HEAD_FEED=off\n"
    path.write_text(f"HOST={host.url}\nCHAINID=31337\n{watched}")

    async def open_work(link: ChainLink) -> ChainWork:
        work = SteppedWork(cast(FoundLink, link))
        opened.works.put_nowait(work)
        return cast(ChainWork, work)

    async def found(*_: object) -> ChainLink:
        await opened.room.rpc.call("eth_blockNumber")
        link = FoundLink(clock)
        link.see()
        return cast(ChainLink, link)

    monkeypatch.setattr(chain_room, "open_link", found)
    events = ChainEvents(on_found=lambda link, is_another: None, on_look=lambda work: None)
    addresses = LinkedAddresses(NODE, NODE, is_paying=False)
    room = ChainRoom(load_settings(path, {}), database, addresses, open_work, events, clock)
    opened = Told(room, host, clock)
    running = asyncio.create_task(room.run())
    yield opened
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await room.rpc.close()
    await host.stop()


async def test_a_chain_found_again_answers_before_it_is_read(told: Told) -> None:
    work = await told.work()
    await told.ended(work, no_answer())
    assert told.room.unread_since == work.link.answered_at
    assert told.room.health().error
    work.ends.put_nowait(False)  # another chain: the link is opened anew
    await told.work()
    assert told.room.unread_since is None
    assert not told.room.health().error


async def test_a_look_that_takes_long_is_no_silence_while_answers_come(told: Told) -> None:
    await told.work()
    for _ in range(4):
        told.clock.pass_s(UNREAD_AFTER_S / 2)
        assert await told.room.rpc.call("eth_gasPrice")
        assert told.room.unread_since is None


async def test_a_standstill_of_this_process_is_no_silence_of_the_chain(told: Told) -> None:
    await told.work()
    told.clock.pass_s(1.0)
    told.clock.pass_s(50.0)
    assert told.room.unread_since is not None
    told.room.stood_still(50.0)
    assert told.room.unread_since is None
    told.clock.pass_s(UNREAD_AFTER_S)
    assert told.room.unread_since is not None, "what comes after it counts"


async def test_a_look_in_which_nothing_is_answered_any_more_is_silence(told: Told) -> None:
    await told.work()
    answered_at = told.clock.now()
    told.clock.pass_s(UNREAD_AFTER_S)
    assert told.room.unread_since is None
    told.host.is_reset = True
    told.clock.pass_s(1.0)
    with pytest.raises(ProblemError):
        await told.room.rpc.call("eth_gasPrice")
    assert told.room.unread_since == answered_at
    told.clock.pass_s(1.0)
    assert told.room.unread_since == answered_at, "the same for as long as it lasts"
