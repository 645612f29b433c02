"""What the keys do with the transaction in sight, in its place and in its panel."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.present.private import HIDDEN
from cortensor_tui.dashboard.present.transaction_report import explorer_link
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.call_messages import Call, GetCall

NO_EXPLORER = "This network has no explorer that is known."


class ActsOnTransaction(Watching):
    """`Y` copies the calldata, `L` the explorer's link."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "Y",
            "copy_calldata",
            "Calldata",
            show=False,
            id="transactions.copy_calldata",
            tooltip="Copy the calldata",
        ),
        Binding(
            "L",
            "copy_link",
            "Copy link",
            show=False,
            id="transactions.copy_link",
            tooltip="Copy explorer link",
        ),
    ]

    def transaction_in_sight(self) -> Transaction | None:
        """Return the transaction that the keys are about, None where there is none."""
        raise NotImplementedError

    def action_copy_link(self) -> None:
        """Copy the explorer's link."""
        one, view = self.transaction_in_sight(), self.dashboard.view
        if one is None or view is None:
            return
        link = explorer_link(one, view.status.chain.explorer)
        if link:
            self.dashboard.copy(link, "link")
        else:
            self.notify(NO_EXPLORER, markup=False, timeout=3)

    def action_copy_calldata(self) -> None:
        """Copy the calldata, where the clipboard has room for it."""
        one = self.transaction_in_sight()
        if one is not None:
            self.run_worker(self._copy_calldata(one.transaction_id), group="calldata", exclusive=True)

    async def _copy_calldata(self, transaction_id: int) -> None:
        try:
            call = await self.dashboard.request(GetCall(transaction_id=transaction_id))
        except ProblemError as error:
            self.dashboard.tell(error.problem)
            return
        if isinstance(call, Call):
            self.dashboard.copy(HIDDEN if call.is_hidden else call.calldata, "calldata")
