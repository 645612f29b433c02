"""A real IPFS node: what is delivered is there, what is fetched is checked, what fails is told apart."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.storage.content_id import parse_content_id
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.unixfs import CHUNK_BYTES, LINKS_A_NODE, file_id
from tests.support.ipfs_node import IpfsNode, add_file, running_ipfs_node
from tests.support.ipfs_proxy import IpfsProxy
from tests.support.ports import lasting_port

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("ipfs")]

MIB = 1024 * 1024


async def refusal(nodes: IpfsNodes, cid: str, most_bytes: int = 16 * MIB) -> ProblemError:
    """Return why a payload is not fetched."""
    with pytest.raises(ProblemError) as refused:
        await nodes.fetch(cid, most_bytes)
    await nodes.close()
    return refused.value


@pytest.mark.parametrize(
    "size",
    [
        *(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES),
        *(LINKS_A_NODE * CHUNK_BYTES + more for more in (-1, 0, 1)),
    ],
)
async def test_ids_are_reckoned_as_the_node_does(ipfs: IpfsNode, size: int) -> None:
    data = bytes(size)
    by_default = await add_file(ipfs.url, data, **{"only-hash": "true"})
    by_version_1 = await add_file(
        ipfs.url, data, **{"only-hash": "true", "cid-version": "1", "raw-leaves": "true"}
    )
    assert file_id(data, version=0) == parse_content_id(by_default)
    assert file_id(data) == parse_content_id(by_version_1)


@pytest.mark.parametrize("size", [0, 5, CHUNK_BYTES, 10 * MIB])
async def test_what_is_delivered_can_be_fetched_by_either_id(ipfs: IpfsNode, size: int) -> None:
    data = random.Random(size).randbytes(size)
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    cid = str(file_id(data))
    await nodes.deliver(cid, data)
    assert await nodes.fetch(cid, 10 * MIB) == data
    assert parse_content_id(cid) in {parse_content_id(one) for one in ipfs.pinned()}

    await nodes.unpin(cid)
    await nodes.unpin(cid)  # twice is as good
    assert parse_content_id(cid) not in {parse_content_id(one) for one in ipfs.pinned()}
    await nodes.close()


@pytest.mark.parametrize("chunker", ["size-1000", "size-1048576", "rabin"])
@pytest.mark.parametrize("layout", ["trickle", "raw-leaves"])
async def test_a_file_cut_by_others_is_read_however_they_cut_it(
    ipfs: IpfsNode, chunker: str, layout: str
) -> None:
    data = random.Random(chunker).randbytes(MIB + 1)
    cid = await add_file(ipfs.url, data, **{"chunker": chunker, layout: "true"})
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    assert await nodes.fetch(cid, 10 * MIB) == data
    await nodes.close()


async def test_a_payload_over_the_limit_is_refused_before_it_is_fetched(ipfs: IpfsNode) -> None:
    data = random.Random(1).randbytes(2 * MIB)
    cid = str(file_id(data))
    async with IpfsProxy(ipfs.url).running() as proxy:
        nodes = IpfsNodes([proxy.url], timeout_s=60)
        await nodes.deliver(cid, data)
        proxy.calls.clear()
        error = await refusal(nodes, cid, most_bytes=2 * MIB - 1)
    assert error.problem.code == problems.TOO_LARGE
    assert "2097152 bytes" in error.problem.why
    assert proxy.calls == {"block/get": 1}  # the root alone tells the size


async def test_bytes_that_are_not_those_of_the_id_are_refused(ipfs: IpfsNode) -> None:
    data = b"What is asked?"
    cid = str(file_id(data))
    async with IpfsProxy(ipfs.url).running() as proxy:
        honest, lying = IpfsNodes([ipfs.url], timeout_s=60), IpfsNodes([proxy.url], timeout_s=60)
        await honest.deliver(cid, data)
        proxy.lies = True
        with pytest.raises(ProblemError) as undelivered:
            await lying.deliver(cid, data)
        assert undelivered.value.problem.code == problems.OTHER_BYTES
        error = await refusal(lying, cid)
        assert (error.problem.code, cid in error.problem.what) == (problems.OTHER_BYTES, True)

        both = IpfsNodes([proxy.url, ipfs.url], timeout_s=60)
        assert await both.fetch(cid, MIB) == data  # the second one has it as it is
        assert "other bytes" in both.health.error
        assert cid not in both.health.error  # whose payload it was is not for everybody
        await both.close()
        await honest.close()


async def test_a_node_that_stalls_is_given_up_in_time(ipfs: IpfsNode) -> None:
    data = random.Random(2).randbytes(1000)
    cid = str(file_id(data))
    async with IpfsProxy(ipfs.url).running() as proxy:
        nodes = IpfsNodes([ipfs.url], timeout_s=60)
        await nodes.deliver(cid, data)
        await nodes.close()
        proxy.stalls = True
        error = await refusal(IpfsNodes([proxy.url], timeout_s=1), cid)
    assert error.problem.code == problems.SLOW
    assert error.problem.code in problems.PASSING


async def test_a_payload_that_nobody_has_is_slow_to_come(ipfs: IpfsNode) -> None:
    error = await refusal(IpfsNodes([ipfs.url], timeout_s=1), str(file_id(b"nobody has this")))
    assert error.problem.code in problems.PASSING


async def test_a_node_that_is_gone_is_told_and_the_second_one_asked(ipfs: IpfsNode) -> None:
    data, gone = b"asked for", f"http://127.0.0.1:{lasting_port()}"
    cid = str(file_id(data))
    error = await refusal(IpfsNodes([gone], timeout_s=60), cid)
    assert (error.problem.code, gone in error.problem.what) == (problems.UNREACHABLE, True)

    both = IpfsNodes([gone, ipfs.url], timeout_s=60)
    await both.deliver(cid, data)
    assert await both.fetch(cid, MIB) == data
    await both.look()
    assert (both.health.count, both.health.out, both.health.endpoint) == (2, 1, ipfs.url)
    await both.close()


async def test_a_node_that_is_gone_keeps_no_other_from_unpinning(ipfs: IpfsNode) -> None:
    data = b"kept long enough"
    cid = str(file_id(data))
    both = IpfsNodes([f"http://127.0.0.1:{lasting_port()}", ipfs.url], timeout_s=60)
    await both.deliver(cid, data)
    with pytest.raises(ProblemError) as refused:
        await both.unpin(cid)
    assert refused.value.problem.code == problems.UNREACHABLE
    assert parse_content_id(cid) not in {parse_content_id(one) for one in ipfs.pinned()}
    await both.close()


async def test_a_node_tells_how_it_stands(ipfs: IpfsNode) -> None:
    nodes = IpfsNodes([ipfs.url], timeout_s=60)
    assert nodes.health.out is None  # not known yet
    await nodes.look()
    health = nodes.health
    assert (health.out, health.version, health.peers, health.error) == (0, "0.10.8", 0, "")
    assert health.repo_bytes
    assert health.repo_limit_bytes is None  # it tells 2**53, which no disk has
    await nodes.close()


async def test_a_token_in_the_address_is_never_told(ipfs: IpfsNode) -> None:
    secret = "hunter2hunter2"
    nodes = IpfsNodes([ipfs.url.replace("//", f"//user:{secret}@"), f"http://{secret}@127.0.0.1:1"], 10)
    await nodes.look()
    error = await refusal(IpfsNodes([f"http://u:{secret}@127.0.0.1:1/{secret}"], 10), str(file_id(b"")))
    assert secret not in f"{nodes.health}{error}{error.problem}"
    await nodes.close()


async def test_a_node_whose_disk_is_full_takes_payloads_later(tmp_path: Path) -> None:
    data = random.Random(3).randbytes(CHUNK_BYTES * 3)
    cid = str(file_id(data))
    with running_ipfs_node(tmp_path / "repo") as node:
        nodes = IpfsNodes([node.url], timeout_s=60)
        node.fill_disk()
        with pytest.raises(ProblemError) as refused:
            await nodes.deliver(cid, data)
        assert refused.value.problem.code in problems.PASSING
        assert "full" in nodes.health.error
        async with asyncio.timeout(60):
            while nodes.health.error:  # as the outbox does
                node.free_disk()
                with suppress(ProblemError):
                    await nodes.deliver(cid, data)
        assert parse_content_id(cid) in {parse_content_id(one) for one in node.pinned()}
        await nodes.close()


async def test_a_node_that_says_that_its_disk_is_full_is_understood(ipfs: IpfsNode) -> None:
    async with IpfsProxy(ipfs.url).running() as proxy:
        proxy.refusal = "write /data/ipfs/blocks/XY/put-1: no space left on device"
        nodes = IpfsNodes([proxy.url], timeout_s=60)
        with pytest.raises(ProblemError) as refused:
            await nodes.deliver(str(file_id(b"")), b"")
        await nodes.close()
    assert refused.value.problem.code == problems.FULL
    assert refused.value.problem.why == proxy.refusal


async def test_what_is_no_ipfs_node_is_told_apart() -> None:
    async with IpfsProxy("http://127.0.0.1:1").running() as proxy:  # which fails there
        error = await refusal(IpfsNodes([proxy.url], timeout_s=10), str(file_id(b"")))
    assert error.problem.code == problems.REFUSED
    assert "HTTP 500" in error.problem.why
