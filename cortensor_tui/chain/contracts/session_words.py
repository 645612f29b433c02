"""A session's struct field by field, as the contract answers it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, zip_longest
from typing import Any

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.inert import ELLIPSIS
from cortensor_tui.domain.session_reading import ContractField, Router

# A stranger chooses how long a text and a list are; what is shown of them ends somewhere.
MOST_TEXT_CHARS = 16_384
MOST_VALUES = 100


def session_fields(reader: ContractReader, values: Sequence[Any]) -> tuple[ContractField, ...]:
    """Return each field of `getSession`'s struct by its name in the contract, in the contract's order."""
    declared = reader.sessions_interface.functions["getSession"].output_fields
    return tuple(
        ContractField(name=name, kind=kind, values=_words(value))
        for (name, kind), value in zip(declared, values, strict=True)
    )


def session_routers(reader: ContractReader, values: Sequence[Any]) -> tuple[Router, ...]:
    """Return the session's routers; a text or an address without its counterpart stands alone."""
    named = values_by_name(reader, values)
    pairs = zip_longest(named["routerAddresses"], named["routerMetadatas"], fillvalue="")
    return tuple(
        Router(address=checksum(address) if address else "", text=_word(text))
        for address, text in islice(pairs, MOST_VALUES)
    )


def values_by_name(reader: ContractReader, values: Sequence[Any]) -> dict[str, Any]:
    """Return the struct's values by the names that the contract gives them."""
    declared = reader.sessions_interface.functions["getSession"].output_fields
    return {name: value for (name, _), value in zip(declared, values, strict=True)}


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        shown = tuple(_word(one) for one in value[:MOST_VALUES])
        left = len(value) - len(shown)
        return (*shown, f"{ELLIPSIS} and {left} more") if left else shown
    return (_word(value),)


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    text = str(value)
    return text if len(text) <= MOST_TEXT_CHARS else text[: MOST_TEXT_CHARS - 1] + ELLIPSIS
