"""A whole world for tests: a devnet, and nodes on it, each a real process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import decode_log
from cortensor_tui.chain.contracts.calls import NewSession, NewTask, bind_call, create_call, submit_call
from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.devnet.service import DevnetInfo
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey, TaskOnChain
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.paths import socket_path
from cortensor_tui.settings import env_line

REPOSITORY = Path(__file__).resolve().parents[1]
GREEDY = (48, 0, 100, 40, 100, 0, 0)
LOOK_S = 0.05


class World:
    """One devnet. Account 0 is the owner, 1 the miner, 2 somebody else."""

    def __init__(self, info: DevnetInfo, folder: Path, model: Path) -> None:
        self.info = info
        self.folder = folder
        self.model = model
        self.owner, self.miner, self.stranger = info.accounts[:3]
        self.rpc = RpcClient(info.rpc_url)
        contracts = Contracts(
            session_v2=info.contracts.session_v2, session_queue_v2=info.contracts.session_queue_v2
        )
        self.reader = ContractReader(self.rpc, contracts, active_session_state=1, generation=info.generation)
        self.owner_sender = DevSender(self.rpc, self.owner.private_key)

    def settings(self, name: str = "node", **changes: str | None) -> Path:
        """Write a node's .env and return its path; a change of None leaves the key out."""
        values: dict[str, str | None] = {
            "HOST": self.info.rpc_url,
            "CHAINID": str(self.info.chain_id),
            "CONTRACT_ADDRESS_RUNTIME": self.info.contracts.runtime,
            "NODE_PUBLIC_KEY": self.miner.address,
            "NODE_PRIVATE_KEY": self.miner.private_key,
            "ENABLE_DEDICATED_NODE": "1",
            "CORTENSOR_TUI_OWNER_PRIVATE_KEY": self.owner.private_key,
            "CORTENSOR_TUI_DATA_DIR": str(self.folder / f"{name}-data"),
            "CORTENSOR_TUI_MODEL_PATH": str(self.model),
            "LLM_OPTION_CONTEXT_SIZE": "512",
            **changes,
        }
        path = self.folder / f"{name}.env"
        path.write_text("".join(env_line(key, value) for key, value in values.items() if value is not None))
        path.chmod(0o600)
        return path

    async def send(self, name: str, *arguments: Any, sender: DevSender | None = None) -> None:
        """Send a call to SessionV2, from the owner unless told otherwise, and wait until it is mined."""
        await self.send_call(self.reader.session_call(name, *arguments), sender)

    async def send_call(self, call: ContractCall, sender: DevSender | None = None) -> None:
        """Send a call, from the owner unless told otherwise, and wait until it is mined."""
        await (sender or self.owner_sender).send(Outgoing(text=call.text, to=call.to, data=call.data))

    async def create_session(self, name: str = "private", sender: DevSender | None = None) -> int:
        """Create a dedicated session and return its id."""
        session_id = await self.reader.session_count()
        await self.send_call(create_call(self.reader, NewSession(name=name)), sender)
        return session_id

    async def bind(self, session_id: int, sender: DevSender | None = None) -> None:
        """Bind the miner to a session."""
        await self.send_call(bind_call(self.reader, session_id, self.miner.address), sender)

    async def submit(
        self,
        session_id: int,
        prompt: str,
        llm_params: tuple[int, ...] = GREEDY,
        prompt_type: int = 1,
        sender: DevSender | None = None,
    ) -> TaskKey:
        """Submit a prompt and return its task."""
        task_id = (await self.reader.task_counts([session_id]))[0]
        asked = NewTask(session_id=session_id, prompt=prompt, llm_params=llm_params, prompt_type=prompt_type)
        await self.send_call(submit_call(self.reader, asked), sender)
        return TaskKey(session_id, task_id)

    async def until_ended(self, key: TaskKey, timeout_s: float = 90.0) -> TaskOnChain:
        """Wait until the contract has ended the task."""
        async with asyncio.timeout(timeout_s):
            while not (task := await self.reader.task(key)).is_ended:
                await asyncio.sleep(LOOK_S)
        return task

    async def events_of(self, key: TaskKey) -> Counter[str]:
        """Count the queue's events of one task by name."""
        counts: Counter[str] = Counter()
        for name, values in await self.queue_events():
            if (values.get("sessionId"), values.get("taskId")) == (key.session_id, key.task_id):
                counts[name] += 1
        return counts

    async def queue_events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return every event of the queue contract since genesis."""
        asked = {"fromBlock": "0x0", "toBlock": "latest", "address": self.info.contracts.session_queue_v2}
        events = self.reader.queue_interface.events
        found = []
        for entry in await self.rpc.call("eth_getLogs", asked):
            event = events.get(entry["topics"][0])
            if event is not None:
                found.append((event.name, decode_log(event, entry["topics"], entry["data"])))
        return found

    async def command(self, settings: Path, *words: str) -> dict[str, Any]:
        """Run a command of ours that must succeed, and return its document."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cortensor_tui", *words, "--env", str(settings), "--json"),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, said = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, f"{words}: {told.decode()}{said.decode()}"
        document: dict[str, Any] = json.loads(told)
        return document

    async def transaction_count(self, address: str) -> int:
        """Return how many transactions an address has had mined."""
        return int(await self.rpc.call("eth_getTransactionCount", address, "latest"), 16)

    @asynccontextmanager
    async def node(self, settings: Path, *command: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a node until the block is left; `command` replaces the usual one."""
        words = command or (sys.executable, "-m", "cortensor_tui", "node", "run", "--env", str(settings))
        process = await asyncio.create_subprocess_exec(
            *words,
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            await end(process)


async def end(process: asyncio.subprocess.Process) -> str:
    """Stop a process as an operator would and return what it said on stderr."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 30)
    return (said or b"").decode()


async def status_of(settings: Path) -> NodeStatus:
    """Ask a node for its status."""
    client = await NodeClient.connect(socket_path(settings))
    try:
        answer = await client.request(GetStatus())
    finally:
        await client.close()
    assert isinstance(answer, StatusChanged)
    return answer.status


async def until_verdict(
    settings: Path,
    verdict: Verdict,
    process: asyncio.subprocess.Process | None = None,
    reason: str = "",
    timeout_s: float = 60.0,
) -> NodeStatus:
    """Wait until the node gives a verdict (and a reason that contains some words)."""
    status: NodeStatus | None = None
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                if process is not None and process.returncode is not None:
                    raise AssertionError(f"the node ended with {process.returncode}: {await end(process)}")
                try:
                    status = await status_of(settings)
                except ProblemError:
                    status = None
                if status is not None and status.verdict is verdict and reason in status.reason:
                    return status
                await asyncio.sleep(LOOK_S)
    except TimeoutError as error:
        raise AssertionError(f"never {verdict}: {status and (status.verdict, status.reason)}") from error


async def until_engine(settings: Path, state: EngineState, timeout_s: float = 60.0) -> NodeStatus:
    """Wait until the node, which may still be starting, has its engine in a state."""
    async with asyncio.timeout(timeout_s):
        while True:
            with suppress(ProblemError):
                if (status := await status_of(settings)).engine.state is state:
                    return status
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def open_world(
    folder: Path,
    model: Path,
    backend: str,
    block_time: int = 1,
    port: int = 0,
    generation: Generation = Generation.NEW,
) -> AsyncIterator[World]:
    """Run a devnet by its own command and give the world on it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortensor_tui", "devnet", "--json"),
        *("--backend", backend, "--block-time", str(block_time), "--port", str(port)),
        *("--generation", generation),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        if not line:
            raise AssertionError(f"the devnet did not start: {await end(process)}")
        world = World(msgspec.convert(json.loads(line), DevnetInfo), folder, model)
        try:
            yield world
        finally:
            await world.rpc.close()
    finally:
        await end(process)
