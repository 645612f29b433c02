"""A node's chain side in the test's process: it looks when told to, and its engine answers when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cortensor_tui.chain.rpc.client import Rpc
from cortensor_tui.chain.signing.signer import Keys, Signer
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.miner.answering import Answering
from cortensor_tui.miner.attendance import Attendance
from cortensor_tui.miner.causes import Hindrance
from cortensor_tui.node.link import ChainLink, LinkedAddresses, open_link
from cortensor_tui.node.mining import Mining
from cortensor_tui.node.payload_room import PayloadRoom
from cortensor_tui.node.streams import KeyStreams, open_streams
from cortensor_tui.settings import env_line, load_settings
from cortensor_tui.storage.local_store import LocalStore
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.support.engines import PROMPTS, UNHEARD, ToldEngine

MINER = user_accounts()[3]
LOOK_S = 0.02
LONGEST_S = 60.0


class MiningNode:
    """One node on a test's devnet; `told` has every stage a task was seen at, in order."""

    def __init__(self, devnet: DevnetOnAnvil, folder: Path, rpc: Rpc | None = None) -> None:
        """`rpc` is how the node asks the chain, the devnet's own way if left out."""
        self.devnet = devnet
        self._rpc = rpc or devnet.rpc
        self.engine = ToldEngine()
        self.store = LocalStore(folder / "payloads")
        self.database = Database.open(folder / "journal.sqlite")
        self.standstills: list[Hindrance] = []
        self.told: dict[TaskKey, list[tuple[Stage, str]]] = {}
        self.settings_path = folder / "node.env"
        self.more_settings: dict[str, str] = {}
        self._payload_room: PayloadRoom | None = None
        self._folder = folder
        self._link: ChainLink | None = None
        self._streams: KeyStreams | None = None
        self._mining: Mining | None = None

    @property
    def link(self) -> ChainLink:
        assert self._link is not None
        return self._link

    @property
    def streams(self) -> KeyStreams:
        assert self._streams is not None
        return self._streams

    @property
    def mining(self) -> Mining:
        assert self._mining is not None
        return self._mining

    @property
    def payload_room(self) -> PayloadRoom:
        assert self._payload_room is not None
        return self._payload_room

    async def start(self) -> None:
        """Find the chain, as after a start of the program."""
        path = self.settings_path
        contracts = self.devnet.contracts
        values = {
            "HOST": self.devnet.rpc.url,
            "CHAINID": "31337",
            "CORTENSOR_TUI_SESSION_V2_ADDRESS": contracts.session_v2,
            "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS": contracts.session_queue_v2,
            "NODE_PUBLIC_KEY": MINER.address,
            "NODE_PRIVATE_KEY": MINER.private_key,
            "ENABLE_DEDICATED_NODE": "1",
            "CORTENSOR_TUI_DATA_DIR": str(self._folder),
            **self.more_settings,
        }
        path.write_text("".join(env_line(key, value) for key, value in values.items()))
        path.chmod(0o600)
        settings = load_settings(path, {})
        addresses = LinkedAddresses(MINER.address, MINER.address)
        self._link = await open_link(self._rpc, settings, self.database, addresses)
        self._payload_room = PayloadRoom(settings, self.database, self.store)
        signer = Signer(MINER.private_key, self._link.identity.chain_id)
        keys = Keys(miner=signer, owner=signer)
        self._streams = await open_streams(self._link, settings, keys, self._transaction_changed)
        answering = Answering(self.engine, self.store, PROMPTS, UNHEARD)
        own = frozenset({MINER.address, OWNER})
        self._mining = Mining(
            self._link,
            self._streams,
            settings,
            answering,
            self._payload_room.payloads(self._link.journal.chain),
            self._task_changed,
            own,
            Attendance(self._link.journal.cursor.moved_at(), lambda: self.standstills),
        )

    async def stop(self) -> None:
        """Stop where it stands."""
        await self.mining.stop()
        await self.payload_room.close()
        self._mining = None

    def record(self, key: TaskKey) -> TaskRecord:
        """Return a task as the journal has it."""
        found = self.link.journal.tasks.get(key)
        assert found is not None
        return found

    async def until(self, key: TaskKey, stage: Stage, note: str = "") -> TaskRecord:
        """Look until a task stands at a stage (with some words in its note)."""
        return await self.until_met(
            lambda: (
                (record := self.link.journal.tasks.get(key)) is not None
                and record.stage is stage
                and note in record.note
            ),
            key,
        )

    async def until_met(self, is_met: Callable[[], bool], key: TaskKey) -> TaskRecord:
        """Look until something is so; return the task."""
        try:
            async with asyncio.timeout(LONGEST_S):
                while not is_met():
                    assert await self.mining.look()
                    await asyncio.sleep(LOOK_S)
        except TimeoutError as error:
            raise AssertionError(f"never: {self.told.get(key)}") from error
        return self.record(key)

    async def look(self, times: int = 1) -> None:
        """Look some times."""
        for _ in range(times):
            assert await self.mining.look()
            await asyncio.sleep(LOOK_S)

    def stages(self, key: TaskKey) -> list[Stage]:
        """Return the stages a task went through, in order."""
        seen = [stage for stage, _ in self.told.get(key, [])]
        return [stage for index, stage in enumerate(seen) if index == 0 or seen[index - 1] is not stage]

    def _task_changed(self, record: TaskRecord) -> None:
        self.told.setdefault(record.key, []).append((record.stage, record.note))

    def _transaction_changed(self, transaction: Transaction) -> None:
        if self._mining is not None:
            self._mining.transaction_changed(transaction)
