"""What the tasks of a node are worked on with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskLog, TaskRecord
from cortensor_tui.journal.transactions import TransactionLog
from cortensor_tui.miner.answering import Answering
from cortensor_tui.miner.attendance import Attendance
from cortensor_tui.miner.delivery import Delivery
from cortensor_tui.miner.payloads import TaskPayloads
from cortensor_tui.miner.promises import ChainPromises


class PipelineParts(msgspec.Struct, frozen=True, kw_only=True):
    """What every pipeline of a node works with. `is_signed` tells whether an answer to a task was signed.

    `mined_at` reads when a block was mined, by its number; None where the endpoint does not tell.
    """

    node: str
    scope: ChainScope
    profile: NetworkProfile
    reader: ContractReader
    tasks: TaskLog
    transactions: TransactionLog
    payloads: TaskPayloads
    delivery: Delivery
    answering: Answering
    precommit_data: str
    is_signed: Callable[[TaskKey], bool]
    promises: ChainPromises
    attendance: Attendance
    mined_at: Callable[[int], Awaitable[float | None]]
    on_change: Callable[[TaskRecord], None]
    clock: Clock = SYSTEM_CLOCK
