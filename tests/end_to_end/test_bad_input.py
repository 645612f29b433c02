"""What operators get wrong and what breaks around a node: a sentence each, and it passes with its cause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from cortensor_tui.devnet.sender import DevSender
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, Tasks
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.owner_messages import Assign, CheckAssignment, Submit
from cortensor_tui.node.paths import socket_path
from tests.world import World, end, open_world, status_of, until_verdict

pytestmark = pytest.mark.real

ODD_BLOCKS = b",".join(b'{"id":%d,"result":{"number":"x","hash":null}}' % number for number in range(1, 40))


async def ask(settings: Path, body: RequestBody) -> ReplyBody:
    client = await NodeClient.connect(socket_path(settings))
    try:
        return await client.request(body)
    finally:
        await client.close()


async def refusal(settings: Path, body: RequestBody) -> str:
    with pytest.raises(ProblemError) as refused:
        await ask(settings, body)
    return refused.value.problem.code


async def test_no_rpc_blocks_and_passes(world: World, unused_tcp_port: int) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings(HOST=f"http://127.0.0.1:{unused_tcp_port}")
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "no_rpc"
        assert str(unused_tcp_port) in status.problem.what
        assert (status.chain.head_number, status.node.balance_wei) == (None, None), "unknown is not zero"
        begun_at = time.time()
        async with forwarded(unused_tcp_port, world.info.rpc_url):
            status = await until_verdict(settings, Verdict.SERVING, process)
            assert status.chain.unread_since is None
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.chain.head_number is not None, "the last head stays, with its age"
        assert status.chain.unread_since is not None
        assert begun_at < status.chain.unread_since <= time.time(), "when it answered last"
        unknown = {one.name for one in status.preconditions if one.is_met is None}
        assert {"the node can pay for gas", "bound to an active session"} <= unknown
        async with forwarded(unused_tcp_port, world.info.rpc_url):
            status = await until_verdict(settings, Verdict.SERVING, process)
            assert status.chain.unread_since is None
            assert all(one.is_met for one in status.preconditions)


@asynccontextmanager
async def forwarded(port: int, url: str) -> AsyncIterator[None]:
    """Serve a port by passing everything to the endpoint, until the block is left."""
    target = int(url.rsplit(":", 1)[1])
    connections: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        both = asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        connections.add(task := asyncio.ensure_future(_quietly(both)))
        await task
        there_writer.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for connection in connections:
            connection.cancel()


async def _quietly(pumps: asyncio.Future[tuple[None, None]]) -> None:
    with suppress(OSError, asyncio.CancelledError):
        await pumps


async def test_a_wrong_chain_id_is_named(world: World) -> None:
    settings = world.settings(CHAINID="421614")
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "wrong_chain"
        assert "421614" in status.problem.what
        assert str(world.info.chain_id) in status.problem.what


async def test_an_address_without_code_is_named(world: World) -> None:
    settings = world.settings(CORTENSOR_TUI_SESSION_V2_ADDRESS=world.stranger.address)
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "no_contract"
        assert world.stranger.address in status.problem.what
        assert "CORTENSOR_TUI_SESSION_V2_ADDRESS" in status.problem.remedy


async def test_a_runtime_that_tells_nothing_names_the_setting(world: World) -> None:
    settings = world.settings(CONTRACT_ADDRESS_RUNTIME=world.info.contracts.session_queue_v2)
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "unresolved_contract"
        assert "CORTENSOR_TUI_SESSION_V2_ADDRESS" in status.problem.remedy


async def test_addresses_alone_are_enough(world: World) -> None:
    settings = world.settings(
        CONTRACT_ADDRESS_RUNTIME=None, CORTENSOR_TUI_SESSION_V2_ADDRESS=world.info.contracts.session_v2
    )
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process, reason="bound to no active session")


@pytest.mark.parametrize(
    "key", ["0x" + "00" * 32, "0x1234", "f" * 64, "not a key"], ids=["zero", "short", "beyond", "words"]
)
async def test_an_unusable_key_is_refused_and_never_shown(world: World, key: str) -> None:
    settings = world.settings(NODE_PRIVATE_KEY=key)
    async with world.node(settings) as process:
        assert process.stderr is not None
        said = (await asyncio.wait_for(process.stderr.read(), 60)).decode()
        assert await process.wait() in (1, 2)
    assert "Traceback" not in said
    assert "key" in said.lower()
    if key != "not a key":
        assert key.removeprefix("0x") not in said


async def test_a_public_key_of_another_is_refused(world: World) -> None:
    settings = world.settings(NODE_PUBLIC_KEY=world.stranger.address)
    async with world.node(settings) as process:
        assert process.stderr is not None
        said = (await asyncio.wait_for(process.stderr.read(), 60)).decode()
        assert await process.wait() == 2
    assert world.stranger.address in said
    assert world.miner.address in said


async def test_an_empty_balance_blocks_and_passes(world: World) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    balance = await world.rpc.call("eth_getBalance", world.miner.address, "latest")
    await world.rpc.call("anvil_setBalance", world.miner.address, "0x0")
    settings = world.settings()
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "no_balance"
        assert status.node.balance_wei == "0"
        key = await world.submit(session_id, "Hello?")
        await world.rpc.call("anvil_setBalance", world.miner.address, balance)
        await until_verdict(settings, Verdict.SERVING, process)
        await world.until_ended(key)
        assert len(await world.reader.results(key)) == 1


async def test_a_missing_model_is_named(world: World) -> None:
    settings = world.settings(CORTENSOR_TUI_MODEL_PATH=str(world.folder / "absent.gguf"))
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert "absent.gguf" in status.engine.error


async def test_a_truncated_model_is_told(world: World) -> None:
    truncated = world.folder / "half.gguf"
    truncated.write_bytes(world.model.read_bytes()[:50_000_000])
    settings = world.settings(CORTENSOR_TUI_MODEL_PATH=str(truncated))
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert "half.gguf" in status.engine.error


async def test_a_prompt_longer_than_the_context_is_given_up_with_its_cause(ticking_world: World) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(session_id, "word " * 2000)
        async with asyncio.timeout(60):
            while (await status_of(settings)).missed_tasks == 0:
                await asyncio.sleep(0.05)
        told = await ask(settings, GetTask(key=key))
        assert isinstance(told, Tasks)
        assert told.tasks[0].stage is Stage.MISSED
        assert "context" in told.tasks[0].note
        short = await world.submit(session_id, "Hello.")
        await world.until_ended(short)
        assert len((await world.reader.results(short))[0].data) > 0


async def test_what_the_owner_gets_wrong(world: World) -> None:
    theirs = await world.create_session("theirs", sender=DevSender(world.rpc, world.stranger.private_key))
    mine = await world.create_session("mine")
    await world.bind(mine)
    settings = world.settings()
    node = world.miner.address
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        assert await refusal(settings, Assign(session_id=99, node_address=node)) == "session_not_found"
        assert await refusal(settings, Assign(session_id=theirs, node_address=node)) == "not_owner"
        assert await refusal(settings, Assign(session_id=mine, node_address=node)) == "already_bound"
        assert await refusal(settings, Assign(session_id=mine, node_address="0x12")) == "bad_address"
        mistyped = node[:-1] + ("0" if node[-1] != "0" else "1")
        assert await refusal(settings, Assign(session_id=mine, node_address=mistyped)) == "bad_address"
        not_bound = Assign(session_id=mine, node_address=world.stranger.address, unbind=True)
        assert await refusal(settings, not_bound) == "not_bound"
        assert await refusal(settings, Submit(session_id=theirs, prompt="x")) == "reverted"
        assert await refusal(settings, Submit(session_id=mine, prompt="")) == "bad_prompt"
        for size in (33_800, 40_000, 60_000):
            assert await refusal(settings, Submit(session_id=mine, prompt="x" * size)) == "bad_prompt"
        await ask(settings, CheckAssignment(session_id=mine, node_address=world.stranger.address))
    assert await world.transaction_count(node) == 0


async def test_a_key_whose_journal_is_gone_does_not_answer(world: World) -> None:
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process, reason="bound to no active session")
    for file in (world.folder / "node-data" / "journal").iterdir():
        file.unlink()
    async with world.node(settings) as process:
        assert process.stderr is not None
        said = (await asyncio.wait_for(process.stderr.read(), 60)).decode()
        assert await process.wait() == 1
    assert "journal" in said
    assert world.miner.address in said


async def test_a_second_node_with_the_same_key_is_refused(world: World) -> None:
    first = world.settings("first", CORTENSOR_TUI_DATA_DIR=str(world.folder / "data"))
    second = world.settings("second", CORTENSOR_TUI_DATA_DIR=str(world.folder / "data"))
    async with world.node(first) as running:
        await until_verdict(first, Verdict.WAITING, running, reason="bound to no active session")
        async with world.node(second) as refused:
            assert refused.stderr is not None
            said = (await asyncio.wait_for(refused.stderr.read(), 60)).decode()
            assert await refused.wait() == 1
        assert world.miner.address in said
        assert str(running.pid) in said
        assert await end(running)
    async with world.node(second) as free:
        await until_verdict(second, Verdict.WAITING, free, reason="bound to no active session")


async def told_generation(settings: Path) -> Generation | None:
    origin = (await status_of(settings)).chain.origin
    return None if origin is None else origin.generation


async def test_a_devnet_that_starts_anew_is_another_chain(
    tmp_path: Path, default_model: Path, unused_tcp_port: int
) -> None:
    async with AsyncExitStack() as running:
        async with open_world(tmp_path, default_model, "anvil", 0, unused_tcp_port) as first:
            session_id = await first.create_session()
            await first.bind(session_id)
            settings = first.settings()
            process = await running.enter_async_context(first.node(settings))
            await until_verdict(settings, Verdict.SERVING, process)
            key = await first.submit(session_id, "On the first chain.")
            await first.until_ended(key)
        await until_verdict(settings, Verdict.BLOCKED, process)
        changed = open_world(tmp_path, default_model, "anvil", 0, unused_tcp_port, Generation.MID)
        async with changed as second:
            await until_verdict(settings, Verdict.WAITING, process, reason="bound to no active session")
            session_id = await second.create_session()
            await second.bind(session_id)
            await until_verdict(settings, Verdict.SERVING, process)
            assert await second.submit(session_id, "On the second chain.") == key, "the same ids"
            await second.until_ended(key)
            [result] = await second.reader.results(key)
            assert result.data
            assert await told_generation(settings) is Generation.MID
            assert await second.transaction_count(second.miner.address) == 3


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"result":"banana"}',
        b'[{"id":[1]}]',
        b'{"message":"Too many requests"}',
        b"[" * 200_000,
        b"[" + ODD_BLOCKS + b"]",
    ],
    ids=["banana", "odd ids", "no answer", "deep", "odd blocks"],
)
async def test_whatever_an_endpoint_answers_the_node_stays(world: World, body: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = world.settings(HOST=f"http://127.0.0.1:{port}")
    async with server, world.node(settings) as process:
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code in ("no_rpc", "bad_answer")
        assert process.returncode is None


async def test_a_used_up_gas_budget_blocks_and_a_larger_one_goes_on(world: World) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings(CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH="0.000000001")
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(session_id, "Say hello.")
        status = await until_verdict(settings, Verdict.BLOCKED, process)
        assert status.problem is not None
        assert status.problem.code == "gas_budget"
        assert "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH" in status.problem.remedy
        assert await world.transaction_count(world.miner.address) == 0, "nothing was sent"
    async with world.node(world.settings()) as process:
        await until_verdict(world.settings(), Verdict.SERVING, process)
        await world.until_ended(key)
