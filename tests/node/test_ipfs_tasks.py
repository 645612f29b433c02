"""Tasks whose texts are on a real IPFS node: fetched and checked, delivered and read back, or why not."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.cli.shapes import task_json
from cortensor_tui.domain.health import IpfsHealth
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Finding, ProofVerdict
from cortensor_tui.journal.history import PastTask
from cortensor_tui.node.verification import verify
from cortensor_tui.node.verification.evidence import Ground
from cortensor_tui.node.views import LISTED_TEXT_CHARS, task_view
from cortensor_tui.storage.content_id import content_address, parse_content_id
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.unixfs import file_id
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.devnet.task_steps import QUEUE
from tests.node.mining_node import MINER, MiningNode
from tests.node.task_story import ANSWER, PROMPT, acked, answer_on_chain, assigned, end
from tests.support.ipfs_node import IpfsNode, add_file, running_ipfs_node
from tests.support.ipfs_proxy import IpfsProxy

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("ipfs")]
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def ipfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsNode]:
    """A real IPFS node."""
    with running_ipfs_node(tmp_path_factory.mktemp("ipfs") / "repo") as node:
        yield node


@pytest.fixture
async def proxy(ipfs: IpfsNode) -> AsyncIterator[IpfsProxy]:
    """What stands before it, honest until told otherwise."""
    async with IpfsProxy(ipfs.url).running() as running:
        yield running


@pytest.fixture
async def node(devnet: DevnetOnAnvil, proxy: IpfsProxy, tmp_path: Path) -> AsyncIterator[MiningNode]:
    """A node that has the IPFS node in its settings."""
    mining = MiningNode(devnet, tmp_path)
    mining.more_settings = {"CORTENSOR_TUI_IPFS_URLS": proxy.url, "CORTENSOR_TUI_IPFS_MAX_MB": "10"}
    await mining.start()
    yield mining
    await mining.stop()
    mining.database.close()


@pytest.fixture
async def session_id(devnet: DevnetOnAnvil, node: MiningNode) -> int:
    """A session of the owner's, with the node bound to it."""
    found = await devnet.create_session(OWNER, nodes=(MINER.address,))
    await node.look()
    return found


async def published(ipfs: IpfsNode, data: bytes) -> str:
    """Put a payload on IPFS as a client does; return its content id."""
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    await nodes.deliver(str(file_id(data)), data)
    await nodes.close()
    return str(file_id(data))


def health_of(node: MiningNode) -> IpfsHealth:
    assert node.payload_room.health is not None
    return node.payload_room.health


async def missed(devnet: DevnetOnAnvil, node: MiningNode, session_id: int, data: str) -> str:
    """Assign a task with this data, which is missed without an ack; return the cause."""
    record = await node.until(await assigned(devnet, session_id, data), Stage.MISSED)
    assert node.link.journal.transactions.of_task(record.key, TransactionKind.ACK) is None
    assert node.engine.runs == 0
    return record.note


async def proof(node: MiningNode, key: TaskKey) -> dict[str, Finding]:
    """Verify a task; return what was found by the names of the checks."""
    ground = Ground(
        rpc=node.devnet.rpc,
        reader=node.link.reader,
        journal=node.link.journal,
        store=node.store,
        node=MINER.address,
        finality=0,
        log_span_blocks=1000,
    )
    verification = await verify(ground, key)
    broken = [check for check in verification.checks if check.finding is Finding.FAILS]
    assert verification.verdict is ProofVerdict.PROVEN, broken
    return {check.name: check.finding for check in verification.checks}


async def test_a_prompt_on_ipfs_is_answered_there(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode
) -> None:
    cid = await published(ipfs, PROMPT.encode())
    key = await assigned(devnet, session_id, f"ipfs://{cid}")
    record = await node.until(key, Stage.COMMITTED)
    address = content_address(str(file_id(ANSWER.encode())))
    assert (record.prompt_cid, record.answer_hash) == (cid, answer_hash(address))
    assert await answer_on_chain(node, key) == address

    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    assert await nodes.fetch(record.answer_cid or "", MIB) == ANSWER.encode()
    await nodes.close()
    assert health_of(node).waiting == 0
    checks = await proof(node, key)
    assert (checks["prompt"], checks["answer_hash"], checks["result"]) == (Finding.HOLDS,) * 3


async def test_a_prompt_named_in_base58_is_fetched_once(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, proxy: IpfsProxy
) -> None:
    # js-ipfs writes it so, and the store knows the text by another id: that of its bytes as one block.
    cid = await add_file(ipfs.url, PROMPT.encode(), **{"cid-version": "1", "raw-leaves": "false"})
    assert cid.startswith("zdj7W")
    key = await assigned(devnet, session_id, f"ipfs://{cid}")
    record = await node.until(key, Stage.COMMITTED)
    assert record.prompt_cid == str(parse_content_id(cid))
    assert node.store.get(record.prompt_cid) == PROMPT.encode()
    assert (await proof(node, key))["prompt"] is Finding.HOLDS


async def test_a_prompt_that_the_store_does_not_give_back_is_not_promised(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node.store, "put", lambda data, asked_as=None: str(file_id(data)))
    cause = await missed(devnet, node, session_id, f"ipfs://{await published(ipfs, b'Is it kept?')}")
    assert "is not in the store" in cause


async def test_an_answer_that_ipfs_cannot_take_is_delivered_when_the_node_returns(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, proxy: IpfsProxy
) -> None:
    cid = await published(ipfs, PROMPT.encode())
    node.engine.may_answer.clear()
    key = await assigned(devnet, session_id, cid)
    await node.until(key, Stage.ACKED)
    proxy.refusal = "no space left on device"
    node.engine.may_answer.set()
    record = await node.until(key, Stage.COMMITTED)
    assert health_of(node).waiting == 1
    assert "full" in health_of(node).error

    with_ipfs = node.more_settings
    await node.stop()
    node.more_settings = {}
    await node.start()
    assert node.payload_room.health is None
    assert "1 answer waits to be brought to IPFS" in node.payload_room.warnings[0]
    await node.stop()
    node.more_settings = with_ipfs
    await node.start()  # the outbox is in the journal
    assert (health_of(node).waiting, node.payload_room.warnings) == (1, ())
    await node.payload_room.outbox.work_off()
    assert health_of(node).waiting == 1
    proxy.refusal = ""
    await node.payload_room.outbox.work_off()
    assert (health_of(node).waiting, health_of(node).error) == (0, "")
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    assert await nodes.fetch(record.answer_cid or "", MIB) == ANSWER.encode()
    await nodes.close()


async def test_an_answer_that_an_older_backup_does_not_know_is_delivered_all_the_same(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode
) -> None:
    cid = await published(ipfs, PROMPT.encode())
    key = await acked(devnet, node, session_id, f"ipfs://{cid}")
    record = node.record(key)
    await node.stop()
    answer_cid = str(file_id(ANSWER.encode()))
    digest = bytes.fromhex(answer_hash(content_address(answer_cid))[2:])
    await devnet.send(MINER.address, QUEUE, "precommit", key.session_id, key.task_id, digest, "")
    node.link.journal.tasks.save(msgspec.structs.replace(record, stage=Stage.PRECOMMITTED), "an older backup")
    node.engine.may_answer.set()
    await node.start()
    await node.until(key, Stage.COMMITTED)
    assert health_of(node).waiting == 1
    await node.payload_room.outbox.work_off()
    assert health_of(node).waiting == 0


async def test_a_prompt_whose_bytes_are_not_those_of_its_id_is_refused(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, proxy: IpfsProxy
) -> None:
    cid = await published(ipfs, b"What is a lie?")
    proxy.lies = True
    cause = await missed(devnet, node, session_id, f"ipfs://{cid}")
    assert "gave other bytes than those of" in cause
    assert cid in cause


async def test_a_prompt_over_the_limit_is_refused_with_its_size(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode
) -> None:
    cid = await published(ipfs, b"x" * (10 * MIB + 1))
    cause = await missed(devnet, node, session_id, f"ipfs://{cid}")
    assert "limit of 10 MiB" in cause
    assert f"{10 * MIB + 1} bytes" in cause


async def test_a_prompt_of_ten_megabytes_reaches_the_engine_whole(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode
) -> None:
    prompt = "".join(random.Random(1).choices("abcdefgh \n", k=MIB)) * 10
    key = await assigned(devnet, session_id, f"ipfs://{await published(ipfs, prompt.encode())}")
    record = await node.until(key, Stage.COMMITTED)
    answer = f"You said: {prompt}".encode()  # which no transaction could carry
    assert await answer_on_chain(node, key) == content_address(str(file_id(answer)))
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    assert await nodes.fetch(record.answer_cid or "", 16 * MIB) == answer
    await nodes.close()
    view = task_view(PastTask(record, record.times, None), node.store)
    assert len(view.prompt) == LISTED_TEXT_CHARS + 1


async def test_a_prompt_that_is_no_text_is_refused(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode
) -> None:
    cause = await missed(devnet, node, session_id, await published(ipfs, b"\xff\xfe"))
    assert "not UTF-8" in cause


async def test_a_prompt_that_cannot_be_fetched_yet_is_waited_for(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, proxy: IpfsProxy
) -> None:
    cid = await published(ipfs, PROMPT.encode())
    proxy.refusal = "the node is starting"
    key = await assigned(devnet, session_id, f"ipfs://{cid}")
    waiting = await node.until(key, Stage.ASSIGNED, note="refuses")
    assert waiting.times.prompt_stored_at is None
    assert node.mining.held_by is None, "others are answered meanwhile"
    view = task_view(PastTask(waiting, waiting.times, None), node.store)
    assert (view.prompt, cid in view.prompt_trouble) == ("", True)
    assert task_json(view)["prompt"] is None
    proxy.refusal = ""
    answered = await node.until(key, Stage.COMMITTED)
    assert answered.times.prompt_stored_at is not None


async def test_a_task_that_ends_while_its_prompt_is_not_there_says_why(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int, ipfs: IpfsNode, proxy: IpfsProxy
) -> None:
    proxy.refusal = "the node is starting"
    key = await assigned(devnet, session_id, f"ipfs://{await published(ipfs, PROMPT.encode())}")
    await node.until(key, Stage.ASSIGNED, note="refuses")
    await end(devnet, key)
    record = await node.until(key, Stage.MISSED)
    assert "The IPFS node" in record.note


async def test_a_text_with_an_address_in_it_is_a_text(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    prompt = f"What is at ipfs://{file_id(b'')}?"
    key = await assigned(devnet, session_id, prompt)
    await node.until(key, Stage.COMMITTED)
    assert await answer_on_chain(node, key) == f"You said: {prompt}"


async def test_without_an_ipfs_node_an_address_is_missed_with_what_to_do(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    await node.stop()
    node.more_settings = {}
    await node.start()
    cause = await missed(devnet, node, session_id, f"ipfs://{file_id(b'not here')}")
    assert "Set CORTENSOR_TUI_IPFS_URLS" in cause
