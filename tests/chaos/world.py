"""A world for one run: a chain from a saved state, a client, a faulty line, and a node behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import deployer_account, funded_balances, oracle_account, user_accounts
from cortensor_tui.devnet.anvil import CHAIN_ID, start_anvil
from cortensor_tui.devnet.deploy import DevnetContracts, deploy
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.settings import env_line
from tests.chaos.chain_keeper import ChainKeeper
from tests.chaos.client import PersistentClient
from tests.chaos.evidence import FaultSpan
from tests.chaos.node_keeper import NodeKeeper
from tests.chaos.plan import SESSIONS, AnyFault
from tests.support.fault_proxy import FaultProxy

OWNER, MINER = user_accounts()[:2]
ZERO_ADDRESS = "0x" + "0" * 40
# Short, and warm: a task that is run twice with another seed has another answer, which would show.
LLM_PARAMS = (6, 90, 95, 40, 110, 0, 0)


class NotApplied(Exception):  # noqa: N818 - no error: there was nothing to break just then
    """The fault could not take place: what it would have broken was down already."""


class Ground(msgspec.Struct, frozen=True):
    """A saved chain with contracts, sessions and bound nodes on which every run begins."""

    state_file: Path
    contracts: DevnetContracts
    first_block: int
    owner_nonce: int


async def lay_ground(folder: Path) -> Ground:
    """Make the chain that runs begin with."""
    state_file = folder / "ground.json"
    state_file.unlink(missing_ok=True)
    chain = await start_anvil(0, funded_balances(), 0, state_file)
    rpc = RpcClient(chain.rpc_url)
    try:
        contracts = await deploy(rpc, deployer_account().private_key, oracle_account().address)
        reader = _reader(rpc, contracts)
        calls = []
        for number in range(SESSIONS):
            session = (f"session {number}", "", ZERO_ADDRESS, 1, 3, 1, 0, 2, False, 0, 0, 300, 5)
            calls.append(reader.session_call("create", *session))
            calls.append(reader.session_call("addDedicatedNode", number, MINER.address))
        for call in calls:
            await DevSender(rpc, OWNER.private_key).send(Outgoing(text=call.text, to=call.to, data=call.data))
        head = int(await rpc.call("eth_blockNumber"), 16)
    finally:
        await rpc.close()
        await chain.stop()
    return Ground(state_file, contracts, head, len(calls))


class ChaosWorld:
    """One run's world; `spans` are the faults that took place so far."""

    def __init__(self, folder: Path, ground: Ground, model: Path, seed: int) -> None:
        state = folder / "chain.json"
        state.write_bytes(ground.state_file.read_bytes())
        self.folder = folder
        self.first_block = ground.first_block
        self.miner_address = MINER.address
        self.contracts = ground.contracts
        self.spans: list[FaultSpan] = []
        self.active = 0
        control = folder / "control"
        control.mkdir(mode=0o700)
        self.chain = ChainKeeper(state, ground.contracts, control / "chain.pid")
        self.proxy = FaultProxy("http://127.0.0.1:1", seed)
        self._model = model
        self._owner_nonce = ground.owner_nonce
        data = folder / "data"
        journal = data / "journal" / f"{MINER.address.lower()}.sqlite"
        self.node = NodeKeeper(folder / "node.env", control, journal)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[PersistentClient]:
        """Run chain, line, client and node until the block is left; the node stops first."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.chain.stop)
            await self.chain.start()
            self.proxy.target = self.chain.url
            stack.push_async_callback(self.proxy.stop)
            await self.proxy.start()
            client = PersistentClient(self.chain.rpc, OWNER.private_key, self._owner_nonce)
            sending = asyncio.create_task(client.run(), name="client")
            stack.callback(sending.cancel)
            self._write_settings()
            stack.push_async_callback(self.node.stop)
            await self.node.start()
            yield client

    @property
    def reader(self) -> ContractReader:
        """Return the contracts, read from the chain itself."""
        return _reader(self.chain.rpc, self.contracts)

    @contextmanager
    def fault_span(self, fault: AnyFault) -> Iterator[None]:
        """Note a fault that takes place within the block, from its begin until all of it is mended."""
        began_at = time.time()
        self.active += 1
        try:
            yield
        except NotApplied:
            raise
        else:
            self.spans.append(FaultSpan(repr(fault), began_at, time.time()))
        finally:
            self.active -= 1

    def _write_settings(self) -> None:
        values = {
            "HOST": self.proxy.url,
            "CHAINID": str(CHAIN_ID),
            "CONTRACT_ADDRESS_RUNTIME": self.contracts.runtime,
            "NODE_PUBLIC_KEY": MINER.address,
            "NODE_PRIVATE_KEY": MINER.private_key,
            "ENABLE_DEDICATED_NODE": "1",
            "CORTENSOR_TUI_OWNER_PRIVATE_KEY": OWNER.private_key,
            "CORTENSOR_TUI_DATA_DIR": str(self.folder / "data"),
            "CORTENSOR_TUI_MODEL_PATH": str(self._model),
            "LLM_OPTION_CONTEXT_SIZE": "512",
            "LLM_OPTION_CPU_THREADS": "1",
        }
        self.node.settings.write_text("".join(env_line(key, value) for key, value in values.items()))
        self.node.settings.chmod(0o600)


def _reader(rpc: RpcClient, contracts: DevnetContracts) -> ContractReader:
    found = Contracts(session_v2=contracts.session_v2, session_queue_v2=contracts.session_queue_v2)
    return ContractReader(rpc, found, active_session_state=1)
