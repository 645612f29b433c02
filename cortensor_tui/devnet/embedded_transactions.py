"""Raw transactions of the embedded chain: decoded, checked for what needs no state, and kept ready to run."""

from __future__ import annotations

from typing import Any

import msgspec
import rlp
from eth.constants import SECPK1_N
from eth.exceptions import UnrecognizedTransactionType
from eth.vm.forks.prague import PragueVM
from eth_keys.exceptions import BadSignature
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from cortensor_tui.devnet.block_index import TransactionRecord

MAX_RAW_BYTES = 128 * 1024  # what other Ethereum nodes take over the wire
MAX_INIT_CODE_BYTES = 49_152  # EIP-3860
_GAS_PER_INIT_CODE_WORD = 2  # EIP-3860
_FLOOR_GAS_BASE, _FLOOR_GAS_PER_TOKEN, _TOKENS_PER_NON_ZERO_BYTE = 21_000, 10, 4  # EIP-7623
_LAST_KNOWN_TYPE = 2
_FIRST_LEGACY_BYTE = 0xC0
_FIRST_EIP155_V = 35

_ACCESS_LIST_POSITION: dict[int | None, list[int]] = {None: [], 1: [7], 2: [8]}
_UNDECODABLE = (
    rlp.exceptions.RLPException,
    UnrecognizedTransactionType,
    ValidationError,
    ValueError,
    TypeError,
    IndexError,
)


class TransactionRefusedError(Exception):
    """A transaction the chain does not take; the text is one sentence for the sender."""


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A checked transaction. `executable` is py-evm's own object, `minimum_gas` what any run of it costs."""

    record: TransactionRecord
    executable: Any
    minimum_gas: int

    @property
    def maximum_cost(self) -> int:
        """Return the wei the sender must hold: value and gas at the highest price it may cost."""
        return self.record.value + self.record.gas_limit * self.record.max_fee_per_gas


def decode_transaction(raw: bytes, chain_id: int, block_gas_limit: int) -> SignedTransaction:
    """Decode signed bytes and recover the sender. Raises TransactionRefusedError with the reason."""
    if not raw:
        raise TransactionRefusedError("the transaction is empty")
    if len(raw) > MAX_RAW_BYTES:
        raise TransactionRefusedError(f"the transaction has {len(raw)} bytes, more than {MAX_RAW_BYTES}")
    if raw[0] < _FIRST_LEGACY_BYTE and raw[0] > _LAST_KNOWN_TYPE:
        raise TransactionRefusedError(f"transaction type {raw[0]} is not supported; use type 0, 1 or 2")
    try:
        executable = PragueVM.get_transaction_builder().decode(raw)
        executable.validate()
    except _UNDECODABLE as error:
        raise TransactionRefusedError("the bytes are not a transaction of any known type") from error
    _check_fields(raw, executable.type_id)
    _check_chain(executable, chain_id)
    record = _record(executable, chain_id)
    minimum_gas = minimum_gas_of(executable)
    _check_limits(record, minimum_gas, block_gas_limit)
    return SignedTransaction(record=record, executable=executable, minimum_gas=minimum_gas)


def _check_fields(raw: bytes, type_id: int | None) -> None:
    """Refuse lists where numbers belong: py-evm reads an empty list as 0, other nodes do not."""
    fields = rlp.decode(raw if type_id is None else raw[1:])
    lists = [position for position, field in enumerate(fields) if isinstance(field, list)]
    if lists != _ACCESS_LIST_POSITION[type_id]:
        raise TransactionRefusedError("a number in the transaction is encoded as a list")


def minimum_gas_of(executable: Any) -> int:
    """Return the gas charged before the first opcode, or the floor for its data if that is more."""
    intrinsic: int = executable.intrinsic_gas
    if not executable.to:
        intrinsic += init_code_gas(executable.data)
    return max(intrinsic, floor_gas(executable.data))


def init_code_gas(code: bytes) -> int:
    """Return what EIP-3860 charges for the size of init code."""
    return _GAS_PER_INIT_CODE_WORD * ((len(code) + 31) // 32)


def floor_gas(data: bytes) -> int:
    """Return what a transaction with this data costs at least, by EIP-7623."""
    zeros = data.count(0)
    tokens = zeros + (len(data) - zeros) * _TOKENS_PER_NON_ZERO_BYTE
    return _FLOOR_GAS_BASE + _FLOOR_GAS_PER_TOKEN * tokens


def _check_chain(executable: Any, chain_id: int) -> None:
    is_legacy = executable.type_id is None
    if is_legacy and executable.v < _FIRST_EIP155_V:
        raise TransactionRefusedError("the transaction names no chain id (EIP-155); sign it for this chain")
    if executable.chain_id != chain_id:
        raise TransactionRefusedError(
            f"the transaction is signed for chain {executable.chain_id}, but this is chain {chain_id}"
        )


def _record(executable: Any, chain_id: int) -> TransactionRecord:
    if not 0 < executable.s <= SECPK1_N // 2 or not 0 < executable.r < SECPK1_N:
        raise TransactionRefusedError("the signature is not valid")
    try:
        sender = Address(executable.sender)
    except (BadSignature, ValidationError) as error:
        raise TransactionRefusedError("the signature is not valid") from error
    is_legacy = executable.type_id is None
    has_gas_price = is_legacy or executable.type_id == 1
    return TransactionRecord(
        hash=bytes(executable.hash),
        type_id=executable.type_id or 0,
        chain_id=chain_id,
        sender=sender,
        nonce=executable.nonce,
        to=Address(executable.to) or None,
        value=executable.value,
        gas_limit=executable.gas,
        data=bytes(executable.data),
        gas_price=executable.gas_price if has_gas_price else None,
        max_fee_per_gas=executable.max_fee_per_gas,
        max_priority_fee_per_gas=executable.max_priority_fee_per_gas,
        access_list=() if is_legacy else _access_list(executable),
        v=executable.v if is_legacy else executable.y_parity,
        r=executable.r,
        s=executable.s,
    )


def _access_list(executable: Any) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    return tuple((bytes(address), tuple(slots)) for address, slots in executable.access_list)


def _check_limits(record: TransactionRecord, minimum_gas: int, block_gas_limit: int) -> None:
    if record.max_priority_fee_per_gas > record.max_fee_per_gas:
        raise TransactionRefusedError("max priority fee per gas is higher than max fee per gas")
    if record.to is None and len(record.data) > MAX_INIT_CODE_BYTES:
        raise TransactionRefusedError(
            f"max initcode size exceeded: {len(record.data)} bytes, at most {MAX_INIT_CODE_BYTES}"
        )
    if record.gas_limit < minimum_gas:
        raise TransactionRefusedError(
            f"intrinsic gas too low: the transaction allows {record.gas_limit}, it needs {minimum_gas}"
        )
    if record.gas_limit > block_gas_limit:
        raise TransactionRefusedError(
            f"exceeds block gas limit: the transaction allows {record.gas_limit}, a block {block_gas_limit}"
        )
