"""Says that what is listed is the past of the chain served last, as long as no chain has answered."""

from __future__ import annotations

from typing import Any

from cortensor_tui.cli.formats import age, iso_time
from cortensor_tui.cli.output import print_notice
from cortensor_tui.domain.networks import ServedChain


def past_json(past: ServedChain | None) -> dict[str, Any] | None:
    """Return whose past is listed; null where a chain has answered."""
    if past is None:
        return None
    return {
        "chain_id": past.chain_id,
        "genesis_hash": past.genesis_hash,
        "queue_address": past.queue_address,
        "block_number": past.block_number,
        "read_at": iso_time(past.read_at),
    }


def past_words(past: ServedChain) -> str:
    """Return whose past it is, and how old."""
    read = "" if past.read_at is None else f", read {age(past.read_at)} ago"
    return f"the past of chain {past.chain_id}{read}"


def tell_past(past: ServedChain | None) -> None:
    """Say on stderr whose past is listed, nothing where a chain has answered."""
    if past is not None:
        print_notice(f"No chain has answered yet. This is {past_words(past)}.")
