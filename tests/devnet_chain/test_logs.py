"""Log searches: right for every filter, and no more work than what they return."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from eth_typing import Address, Hash32
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.devnet import rpc_methods_logs
from cortensor_tui.devnet.block_index import (
    BlockIndex,
    BlockRecord,
    LogFilter,
    LogRecord,
    ReceiptRecord,
    TransactionRecord,
)
from tests.devnet_chain.assembly import Act, ask
from tests.devnet_chain.conftest import Lab, refusal

_ADDRESSES = [Address(bytes([number]) * 20) for number in range(3)]
_TOPICS = [bytes([number]) * 32 for number in range(4)]


def word(number: int) -> str:
    """Write a topic."""
    return f"0x{number:064x}"


def make_index(blocks: list[list[list[LogRecord]]]) -> BlockIndex:
    """File blocks, each a list of transactions, each a list of logs, after an empty genesis."""
    index = BlockIndex(_block(0, []))
    for number, transactions in enumerate(blocks, start=1):
        index.append(_block(number, transactions))
    return index


def _block(number: int, transactions: list[list[LogRecord]]) -> BlockRecord:
    hash_of = [Hash32(one.to_bytes(32, "big")) for one in (max(0, number - 1), number)]
    return BlockRecord(
        number=number,
        hash=hash_of[1],
        parent_hash=hash_of[0],
        timestamp=number,
        state_root=hash_of[0],
        transactions_root=hash_of[0],
        receipts_root=hash_of[0],
        gas_limit=1,
        gas_used=0,
        base_fee_per_gas=0,
        size=1,
        transactions=tuple(_transaction(number, position) for position in range(len(transactions))),
        receipts=tuple(_receipt(logs) for logs in transactions),
    )


def _transaction(number: int, position: int) -> TransactionRecord:
    return TransactionRecord(
        hash=f"{number}/{position}".encode(),
        type_id=2,
        chain_id=1,
        sender=_ADDRESSES[0],
        nonce=0,
        to=None,
        value=0,
        gas_limit=0,
        data=b"",
        gas_price=None,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
        access_list=(),
        v=0,
        r=0,
        s=0,
    )


def _receipt(logs: list[LogRecord]) -> ReceiptRecord:
    return ReceiptRecord(
        succeeded=True,
        gas_used=0,
        cumulative_gas_used=0,
        effective_gas_price=0,
        contract_address=None,
        logs=tuple(logs),
    )


logs = st.builds(
    LogRecord,
    st.sampled_from(_ADDRESSES),
    st.lists(st.sampled_from(_TOPICS), max_size=4).map(tuple),
    st.binary(max_size=2),
)
chains = st.lists(st.lists(st.lists(logs, max_size=3), max_size=3), max_size=6)
filters = st.builds(
    LogFilter,
    from_block=st.integers(0, 8),
    to_block=st.integers(0, 8),
    addresses=st.none() | st.frozensets(st.sampled_from(_ADDRESSES), min_size=1),
    topics=st.lists(
        st.none() | st.frozensets(st.sampled_from(_TOPICS), min_size=1, max_size=3), max_size=4
    ).map(tuple),
)


def naive(blocks: list[list[list[LogRecord]]], wanted: LogFilter) -> list[tuple[int, int, int, LogRecord]]:
    """Find logs by looking at every one of them."""
    found = []
    for number, transactions in enumerate(blocks, start=1):
        counter = itertools.count()
        for position, emitted in enumerate(transactions):
            for log in emitted:
                log_index = next(counter)
                if not wanted.from_block <= number <= wanted.to_block:
                    continue
                if wanted.addresses is not None and log.address not in wanted.addresses:
                    continue
                if len(log.topics) < len(wanted.topics):
                    continue
                if any(
                    topics is not None and log.topics[place] not in topics
                    for place, topics in enumerate(wanted.topics)
                ):
                    continue
                found.append((number, position, log_index, log))
    return found


@given(blocks=chains, wanted=filters)
def test_a_search_finds_what_looking_at_every_log_finds(
    blocks: list[list[list[LogRecord]]], wanted: LogFilter
) -> None:
    search = make_index(blocks).search(wanted, limit=1_000)
    found = [(one.block_number, one.transaction_index, one.log_index, one.log) for one in search.places]
    assert found == naive(blocks, wanted)
    assert not search.is_cut


def test_a_search_looks_only_at_logs_that_share_its_rarest_part() -> None:
    common, rare = _TOPICS[0], _TOPICS[1]
    plain = LogRecord(_ADDRESSES[0], (common,), b"")
    blocks = [[[plain] * 10] for _ in range(500)]
    blocks[250] = [[plain, LogRecord(_ADDRESSES[1], (common, rare), b"")]]
    index = make_index(blocks)
    for wanted, examined in (
        (LogFilter(from_block=0, to_block=10**9, topics=(None, frozenset({rare}))), 1),
        (LogFilter(from_block=0, to_block=10**9, addresses=frozenset({_ADDRESSES[1]})), 1),
        (LogFilter(from_block=0, to_block=10**9, addresses=frozenset({_ADDRESSES[2]})), 0),
        (LogFilter(from_block=251, to_block=251, topics=(frozenset({common}),)), 2),
        (LogFilter(from_block=400, to_block=409), 100),
        (LogFilter(from_block=501, to_block=10**9), 0),
    ):
        assert index.search(wanted, limit=10_000).examined == examined


def test_a_search_stops_at_its_limit() -> None:
    index = make_index([[[LogRecord(_ADDRESSES[0], (), b"")] * 30]])
    search = index.search(LogFilter(from_block=0, to_block=1), limit=10)
    assert (len(search.places), search.is_cut, search.examined) == (10, True, 11)


def test_a_block_that_does_not_follow_is_not_filed() -> None:
    index = make_index([])
    with pytest.raises(ValueError, match="does not follow"):
        index.append(_block(2, []))


async def emit(lab: Lab, contract: str, nonce: int, *topics: int, data: int = 0) -> int:
    """Emit one log in a block of its own and return the block's number."""
    await lab.send(lab.bob, nonce, to=contract, data=ask(Act.LOG, *topics, data))
    return await lab.mine()


async def test_a_log_carries_its_place(lab: Lab) -> None:
    contract = await lab.deploy()
    first = await lab.send(lab.bob, 0, to=contract, data=ask(Act.LOG, 1, 2, 3, 4))
    second = await lab.send(lab.bob, 1, to=contract, data=ask(Act.LOG, 5, 6, 7, 8))
    await lab.mine()
    block = await lab.rpc.call("eth_getBlockByNumber", "latest", False)
    found = await lab.rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    assert found[1] == {
        "address": contract.lower(),
        "topics": [word(5), word(6), word(7)],
        "data": word(8),
        "blockNumber": block["number"],
        "blockHash": block["hash"],
        "blockTimestamp": block["timestamp"],
        "transactionHash": second,
        "transactionIndex": "0x1",
        "logIndex": "0x1",
        "removed": False,
    }
    receipts = [await lab.receipt(one) for one in (first, second)]
    assert [receipt["logs"] for receipt in receipts] == [[found[0]], [found[1]]]


async def test_every_way_to_ask_for_logs(lab: Lab) -> None:
    contract = await lab.deploy()
    numbers = [await emit(lab, contract, nonce, 10, 20 + nonce, 30, data=nonce) for nonce in range(4)]
    second = (await lab.rpc.call("eth_getBlockByNumber", hex(numbers[1]), False))["hash"]
    other = lab.bob.address
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"fromBlock": "earliest"}, [0, 1, 2, 3]),
        ({}, [3]),
        ({"fromBlock": hex(numbers[1]), "toBlock": hex(numbers[2])}, [1, 2]),
        ({"fromBlock": "0x0", "toBlock": "0xffffff"}, [0, 1, 2, 3]),
        ({"fromBlock": "0xfffff0", "toBlock": "0xffffff"}, []),
        ({"fromBlock": "0x6", "toBlock": "latest"}, []),
        ({"fromBlock": "pending"}, []),
        ({"fromBlock": "0x0", "toBlock": "pending"}, [0, 1, 2, 3]),
        ({"fromBlock": 0, "toBlock": "finalized"}, [0, 1, 2, 3]),
        ({"blockHash": second}, [1]),
        ({"fromBlock": "0x0", "address": contract}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "address": contract.lower()}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "address": [other, contract]}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "address": other}, []),
        ({"fromBlock": "0x0", "address": []}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "topics": []}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "topics": [word(10)]}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "topics": [None, word(22)]}, [2]),
        ({"fromBlock": "0x0", "topics": [None, [word(20), word(23)]]}, [0, 3]),
        ({"fromBlock": "0x0", "topics": [[], [word(20), None], word(30)]}, [0, 1, 2, 3]),
        ({"fromBlock": "0x0", "topics": [word(11)]}, []),
        ({"fromBlock": "0x0", "topics": [None, None, None, None]}, []),
    ]
    for wanted, nonces in cases:
        found = await lab.rpc.call("eth_getLogs", wanted)
        assert [int(log["data"], 16) for log in found] == nonces, wanted


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"fromBlock": "0x5", "toBlock": "0x4"}, "fromBlock 5 is after toBlock 4"),
        ({"blockHash": "0x" + 64 * "0", "fromBlock": "0x0"}, "blockHash cannot be combined"),
        ({"blockHash": "0x12"}, "blockHash must have 32 bytes"),
        ({"address": "0x12"}, "address must have 20 bytes"),
        ({"topics": ["0x12"]}, "topic must have 32 bytes"),
        ({"topics": "0x12"}, "topics must be a list of at most 4"),
        ({"topics": [None] * 5}, "topics must be a list of at most 4"),
        ({"topics": [["0x" + 64 * "0"] * 1_001]}, "topic lists at most 1000 alternatives"),
        ({"fromBlock": {"blockHash": "0x" + 64 * "0"}}, "fromBlock must be a block number or a tag"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    lab: Lab, wanted: dict[str, Any], sentence: str
) -> None:
    error = await refusal(lab.rpc, "eth_getLogs", wanted)
    assert error.code == -32602
    assert sentence in error.message


async def test_an_unknown_block_hash_is_said(lab: Lab) -> None:
    error = await refusal(lab.rpc, "eth_getLogs", {"blockHash": "0x" + 64 * "a"})
    assert error.message == "unknown block"


async def test_too_many_logs_ask_for_fewer_blocks(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_methods_logs, "MAX_LOGS", 1)
    contract = await lab.deploy()
    for nonce in range(2):
        await emit(lab, contract, nonce, 1, 2, 3)
    error = await refusal(lab.rpc, "eth_getLogs", {"fromBlock": "0x0"})
    assert error.code == -32005
    assert "more than 1 logs; ask for fewer blocks" in error.message
    assert len(await lab.rpc.call("eth_getLogs", {})) == 1


async def test_a_polled_log_filter_reports_each_log_once(lab: Lab) -> None:
    contract = await lab.deploy()
    await emit(lab, contract, 0, 1, 2, 3, data=0)
    identifier = await lab.rpc.call("eth_newFilter", {"address": contract, "topics": [word(1)]})
    assert await lab.rpc.call("eth_getFilterChanges", identifier) == []
    for nonce in (1, 2):
        await emit(lab, contract, nonce, nonce, 2, 3, data=nonce)
    assert [one["data"] for one in await lab.rpc.call("eth_getFilterChanges", identifier)] == [word(1)]
    assert await lab.rpc.call("eth_getFilterChanges", identifier) == []

    ranged = await lab.rpc.call("eth_newFilter", {"fromBlock": "0x0"})
    assert len(await lab.rpc.call("eth_getFilterLogs", ranged)) == 3
    assert await lab.rpc.call("eth_uninstallFilter", identifier) is True
    assert await lab.rpc.call("eth_uninstallFilter", identifier) is False
    assert (await refusal(lab.rpc, "eth_getFilterChanges", identifier)).message == "filter not found"


async def test_a_polled_block_filter_reports_each_block_once(lab: Lab) -> None:
    identifier = await lab.rpc.call("eth_newBlockFilter")
    numbers = [await lab.mine() for _ in range(3)]
    hashes = [(await lab.rpc.call("eth_getBlockByNumber", hex(one), False))["hash"] for one in numbers]
    assert await lab.rpc.call("eth_getFilterChanges", identifier) == hashes
    assert await lab.rpc.call("eth_getFilterChanges", identifier) == []
    assert "reports blocks, not logs" in (await refusal(lab.rpc, "eth_getFilterLogs", identifier)).message


async def test_filters_are_limited_and_the_forgotten_ones_make_room(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_methods_logs, "MAX_FILTERS", 2)
    for _ in range(2):
        await lab.rpc.call("eth_newBlockFilter")
    assert "2 filters exist already" in (await refusal(lab.rpc, "eth_newBlockFilter")).message
    monkeypatch.setattr(rpc_methods_logs, "FILTER_LIFE_S", -1.0)
    assert await lab.rpc.call("eth_newBlockFilter")
