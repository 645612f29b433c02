"""Every setting in one table: it drives reading, `config show`, .env.example and docs/settings.md.

The network's keys, their defaults and meanings follow the example settings file of its public installer.
"""

from __future__ import annotations

from typing import Final

from cortensor_tui.settings.spec import Spec
from cortensor_tui.settings.table.chain import CHAIN, MAX_RPC_HOSTS, rpc_host_spec
from cortensor_tui.settings.table.container import CONTAINER
from cortensor_tui.settings.table.engine import ENGINE
from cortensor_tui.settings.table.keys import KEYS
from cortensor_tui.settings.table.program import PROCESS_VARIABLES, PROGRAM
from cortensor_tui.settings.table.prompts import PROMPTS
from cortensor_tui.settings.table.sessions import SESSIONS
from cortensor_tui.settings.table.storage import STORAGE
from cortensor_tui.settings.table.transactions import TRANSACTIONS

__all__ = ["MAX_RPC_HOSTS", "PROCESS_VARIABLES", "RPC_HOST_SPECS", "SPECS"]

SPECS: Final[tuple[Spec, ...]] = (
    CHAIN + KEYS + SESSIONS + TRANSACTIONS + ENGINE + CONTAINER + PROMPTS + STORAGE + PROGRAM
)
RPC_HOST_SPECS: Final[tuple[Spec, ...]] = tuple(rpc_host_spec(index) for index in range(MAX_RPC_HOSTS))
