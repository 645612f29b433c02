"""Messages run on a past state of the embedded chain: eth_call and gas estimates, bounded in time.

A message needs no signature, nonce or gas money, so these do not go through a transaction: that is what
lets an unfunded sender ask.
"""

from __future__ import annotations

import time
from typing import cast

import msgspec
from eth._utils.address import generate_contract_address
from eth.constants import CREATE_CONTRACT_ADDRESS
from eth.exceptions import InsufficientFunds, InvalidInstruction, OutOfGas, Revert, VMError
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth.vm.gas_meter import GasMeter
from eth.vm.message import Message
from eth_typing import Address

from cortensor_tui.devnet.embedded_transactions import floor_gas

CALL_TIME_LIMIT_S = 10.0
_CLOCK_EVERY_CHARGES = 4096
_GAS_TRANSACTION, _GAS_CREATE, _GAS_ZERO_BYTE, _GAS_NON_ZERO_BYTE = 21_000, 32_000, 4, 16
_GAS_STIPEND = 2_300
_ESTIMATE_TOLERANCE = 0.015  # as other nodes: a limit up to 1.5 % over the need


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `to` None is a deployment; `gas_limit` as a transaction would carry it."""

    sender: Address
    to: Address | None
    value: int
    data: bytes
    gas_limit: int
    gas_price: int = 0


class CallOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a message came to. `output` holds the revert data when `has_reverted`; `failure` is "" if well."""

    output: bytes = b""
    gas_used: int = 0
    failure: str = ""
    has_reverted: bool = False


class CallTimeoutError(Exception):
    """The message ran longer than CALL_TIME_LIMIT_S."""


class _TimedGasMeter(GasMeter):
    """Looks at the clock now and then, since every opcode pays here."""

    def __init__(self, start_gas: int, deadline: float) -> None:
        super().__init__(start_gas)
        self._deadline = deadline
        self._charges = 0

    def consume_gas(self, amount: int, reason: str) -> None:
        self._charges += 1
        if self._charges % _CLOCK_EVERY_CHARGES == 0 and time.monotonic() > self._deadline:
            raise CallTimeoutError
        super().consume_gas(amount, reason)


class _TimedComputation(PragueComputation):
    def _configure_gas_meter(self) -> GasMeter:
        return _TimedGasMeter(self.msg.gas, cast(TimedState, self.state).deadline)


class TimedState(PragueState):
    """A state for reading, whose messages end with CallTimeoutError at `deadline` (time.monotonic)."""

    computation_class = _TimedComputation
    deadline: float = float("inf")


def intrinsic_gas(request: CallRequest) -> int:
    """Return what a transaction of this shape pays before its first opcode."""
    zeros = request.data.count(0)
    gas = _GAS_TRANSACTION + zeros * _GAS_ZERO_BYTE + (len(request.data) - zeros) * _GAS_NON_ZERO_BYTE
    return gas if request.to is not None else gas + _GAS_CREATE


def run_call(state: TimedState, request: CallRequest) -> CallOutcome:
    """Run the message, undo its effects. Raises CallTimeoutError; the state is then not to be used again."""
    state.deadline = time.monotonic() + CALL_TIME_LIMIT_S
    return _run(state, request, request.gas_limit)


def estimate_gas(state: TimedState, request: CallRequest) -> CallOutcome:
    """Find a gas limit that suffices: what one run used plus what calls hold back, else by halving.

    The answer has a small margin, up to 1.6 % and a call's stipend, except where no code runs.
    """
    state.deadline = time.monotonic() + CALL_TIME_LIMIT_S
    highest = request.gas_limit
    first = _run(state, request, highest)
    if first.failure:
        return first
    floor = max(floor_gas(request.data), first.gas_used)
    # A call passes on at most 63/64 of its gas, so what was used can be less than what must be offered.
    likely = min(highest, max(floor, (first.gas_used + _GAS_STIPEND) * 64 // 63))
    if first.gas_used == intrinsic_gas(request):
        return msgspec.structs.replace(first, gas_used=floor)
    if not _run(state, request, likely).failure:
        return msgspec.structs.replace(first, gas_used=likely)
    lowest = likely
    while highest - lowest > highest * _ESTIMATE_TOLERANCE:
        middle = (highest + lowest) // 2
        if _run(state, request, middle).failure:
            lowest = middle
        else:
            highest = middle
    return msgspec.structs.replace(first, gas_used=highest)


def _run(state: TimedState, request: CallRequest, gas_limit: int) -> CallOutcome:
    message_gas = gas_limit - intrinsic_gas(request)
    if message_gas < 0:
        return CallOutcome(failure="out of gas: the limit is below the intrinsic gas")
    snapshot = state.snapshot()
    try:
        return _apply(state, request, message_gas, gas_limit)
    except VMError as error:  # raised, not recorded, by what fails before the first opcode
        return CallOutcome(failure=_describe(error))
    finally:
        state.revert(snapshot)


def _apply(state: TimedState, request: CallRequest, message_gas: int, gas_limit: int) -> CallOutcome:
    context = CancunTransactionContext(gas_price=request.gas_price, origin=request.sender)
    state.mark_address_warm(request.sender)
    if request.to is None:
        address = generate_contract_address(request.sender, state.get_nonce(request.sender))
        state.mark_address_warm(address)
        message = Message(
            gas=message_gas,
            to=CREATE_CONTRACT_ADDRESS,
            sender=request.sender,
            value=request.value,
            data=b"",
            code=request.data,
            create_address=address,
        )
        computation = state.computation_class.apply_create_message(state, message, context)
    else:
        state.mark_address_warm(request.to)
        message = Message(
            gas=message_gas,
            to=request.to,
            sender=request.sender,
            value=request.value,
            data=request.data,
            code=state.get_code(request.to),
        )
        computation = state.computation_class.apply_message(state, message, context)
    gas_used = gas_limit - computation.get_gas_remaining()
    if not computation.is_error:
        return CallOutcome(output=bytes(computation.output), gas_used=gas_used)
    if isinstance(computation.error, Revert):
        return CallOutcome(
            output=bytes(computation.output),
            gas_used=gas_used,
            failure="execution reverted",
            has_reverted=True,
        )
    return CallOutcome(gas_used=gas_used, failure=_describe(computation.error))


def _describe(error: VMError) -> str:
    """Name an EVM failure in the words other nodes use; py-evm's own texts are for its developers."""
    if isinstance(error, OutOfGas):
        return "out of gas"
    if isinstance(error, InvalidInstruction):
        return "invalid opcode"
    if isinstance(error, InsufficientFunds):
        return "insufficient funds for transfer"
    words = "".join(" " + letter.lower() if letter.isupper() else letter for letter in type(error).__name__)
    return f"execution failed:{words}"
