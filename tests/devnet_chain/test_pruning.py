"""Old states are freed, recent ones stay whole, whatever was written when."""

from __future__ import annotations

import pytest
from eth.constants import BLANK_ROOT_HASH, ZERO_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.state import PragueState
from eth_typing import Address, BlockNumber, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.devnet import rpc_methods_state
from cortensor_tui.devnet.embedded_pruning import StatePruner
from tests.devnet_chain.assembly import Act, ask
from tests.devnet_chain.conftest import Lab, refusal

_CONTRACTS = [Address(bytes([number]) * 20) for number in (1, 2, 3)]
_KEPT = 3
_CONTEXT = ExecutionContext(
    coinbase=ZERO_ADDRESS,
    timestamp=1,
    block_number=BlockNumber(1),
    difficulty=0,
    mix_hash=ZERO_HASH32,
    gas_limit=1,
    prev_hashes=(),
    chain_id=1,
    excess_blob_gas=0,
)

# One block writes some slots (zero deletes) of some contracts.
writes = st.lists(
    st.tuples(st.sampled_from(_CONTRACTS), st.integers(0, 40), st.sampled_from([0, 1, 2, 2**255])), max_size=8
)


def state_at(nodes: dict[bytes, bytes], root: Hash32) -> PragueState:
    """Open a state over a store."""
    return PragueState(AtomicDB(MemoryDB(nodes)), _CONTEXT, root)


@settings(deadline=None, max_examples=40)
@given(blocks=st.lists(writes, min_size=1, max_size=15), step=st.integers(1, 30))
def test_what_recent_blocks_hold_survives_every_pass(
    blocks: list[list[tuple[Address, int, int]]], step: int
) -> None:
    nodes: dict[bytes, bytes] = {}
    pruner = StatePruner(nodes, smallest_pass=1, step=step)
    expected: dict[tuple[Address, int], int] = {}
    history: list[tuple[Hash32, dict[tuple[Address, int], int]]] = []
    root = BLANK_ROOT_HASH
    for block in blocks:
        state = state_at(nodes, root)
        for contract, slot, value in block:
            state.set_balance(contract, 1)
            state.set_code(contract, bytes(contract))
            state.set_storage(contract, slot, value)
            expected[contract, slot] = value
        state.persist()
        root = state.state_root
        history.append((root, dict(expected)))
        pruner.after_block([kept for kept, _ in history[-_KEPT:]])
        for kept, slots in history[-_KEPT:]:
            read = state_at(nodes, kept)
            for (contract, slot), value in slots.items():
                assert read.get_storage(contract, slot) == value
                assert read.get_code(contract) == bytes(contract)


def test_a_slot_written_again_and_again_does_not_pile_up() -> None:
    nodes: dict[bytes, bytes] = {}
    pruner = StatePruner(nodes, smallest_pass=100, step=50)
    roots: list[Hash32] = []
    root, largest = BLANK_ROOT_HASH, 0
    for number in range(1, 1_001):
        state = state_at(nodes, root)
        state.set_balance(_CONTRACTS[0], 1)
        state.set_storage(_CONTRACTS[0], number % 10, number)
        state.persist()
        root = state.state_root
        roots.append(root)
        pruner.after_block(roots[-_KEPT:])
        largest = max(largest, len(nodes))
    assert largest < 200


async def test_a_state_that_is_no_longer_kept_is_said(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_methods_state, "STATES_KEPT", 2)
    contract = await lab.deploy()
    for _ in range(2):
        await lab.mine()
    message = {"to": contract, "data": ask(Act.CALLER)}
    assert await lab.rpc.call("eth_call", message, "0x2")
    assert await lab.rpc.call("eth_call", message, "0x0") == "0x"
    error = await refusal(lab.rpc, "eth_call", message, "0x1")
    assert error.message == "the state after block 1 is no longer kept, only that of the last 2"
