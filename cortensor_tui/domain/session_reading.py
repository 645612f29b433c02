"""One session read fresh from its contract: every field as it stands there, beside what it means."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.sessions import SessionView


class ContractField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the contract's struct. `kind` is its ABI type; a list has any number of `values`.

    Values are as the contract answered: integers in decimal, addresses and bytes in 0x hex, text as it is.
    """

    name: str
    kind: str
    values: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        """Tell whether it holds many values."""
        return self.kind.endswith("[]")


class Router(msgspec.Struct, frozen=True, kw_only=True):
    """Who may submit for a session besides its owner; `text` tells how to reach it."""

    address: str
    text: str


class SessionReading(msgspec.Struct, frozen=True, kw_only=True, tag="session_reading"):
    """A session at `read_at`, unix seconds. `contract` is the address it was read from."""

    view: SessionView
    fields: tuple[ContractField, ...]
    routers: tuple[Router, ...]
    contract: str
    generation: str
    read_at: float
