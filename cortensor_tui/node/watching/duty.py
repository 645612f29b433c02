"""The node that watches an address: no key, no lease, no engine, and a journal of its own.

That journal is never one of a key: nothing is decided by it, and no promise depends on its rows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from cortensor_tui.domain.health import Account, IpfsHealth
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.problems import Problem, problem_error
from cortensor_tui.journal.database import Database
from cortensor_tui.node.duty import Judgement, Told
from cortensor_tui.node.link import ChainLink, LinkedAddresses
from cortensor_tui.node.owner.checks import check_address
from cortensor_tui.node.preconditions import Facts
from cortensor_tui.node.watching.desk import only_watching
from cortensor_tui.node.watching.room import Watching
from cortensor_tui.node.watching.steps import judge_watching
from cortensor_tui.settings import Settings
from cortensor_tui.storage.local_store import LocalStore

NO_ENGINE = EngineHealth(state=EngineState.STOPPED, engine="none", model="")


class WatchingDuty:
    """One for a node."""

    is_watching = True
    engine = NO_ENGINE
    ipfs: IpfsHealth | None = None
    warnings: tuple[str, ...] = ()

    def __init__(self, settings: Settings, store: LocalStore) -> None:
        """Raises `ProblemError` "bad_address", or why the journal cannot be used."""
        address = watched_address(settings)
        self.addresses = LinkedAddresses(address, address, is_paying=False)
        self.owner_key_problem: Problem | None = only_watching(address)
        self.database = Database.open(watching_path(settings, address))
        self._store = store

    def account(self, account: Account) -> Account:
        """Return it as it is: no key is here."""
        return account

    def jobs(self) -> Mapping[str, Coroutine[Any, Any, None]]:
        """Nothing goes on beside the chain."""
        return {}

    async def open_work(self, link: ChainLink, told: Told) -> Watching:
        """Return what follows the address on a chain."""
        return Watching(link, self._store, told)

    def judge(self, facts: Facts) -> Judgement:
        """Return whether the address is watched."""
        return judge_watching(facts)

    def take_settings(self, settings: Settings) -> None:
        """None that changes while it runs concerns this."""

    def close(self) -> None:
        """Close the journal."""
        self.database.close()


def watched_address(settings: Settings) -> str:
    """Return the address to watch with its checksum. Raises `ProblemError` "bad_address"."""
    address, [check] = check_address(settings.watch_address or "")
    if address is None:
        raise problem_error(
            "bad_address",
            "CORTENSOR_TUI_WATCH_ADDRESS cannot be watched",
            f"{settings.watch_address}: {check.detail}",
            "Correct it; an address without capital letters is taken without a checksum",
        )
    return address


def watching_path(settings: Settings, address: str) -> Path:
    """Return where the journal of a watched address is: one a settings file, as there is one node for each.

    Two nodes that read on from one cursor would each miss what the other has read.
    """
    name = hashlib.sha256(os.fsencode(settings.path.expanduser().resolve())).hexdigest()[:8]
    return settings.data_dir / "watching" / f"{address.lower()}-{name}.sqlite"
