"""What needs the operator, wherever it comes from: the node, the line to it, or a file of the user's own."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.notices import Kept, NoticeList, Told, in_order
from cortensor_tui.dashboard.present.notices import Notice, file_notices, said_above, standing_notices


class Attention:
    """The list of what needed the operator. Each `take` returns what is new in it, and what is over."""

    def __init__(self) -> None:
        self._of_node = NoticeList()
        self._of_files = NoticeList(tells_first=True)
        self._faults: dict[str, tuple[Notice, ...]] = {}
        self._said = ""

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Return the list, what lasts first."""
        return in_order((*self._of_files.kept, *self._of_node.kept))

    @property
    def unsaid(self) -> int:
        """Return how many things last that the line at the top does not say."""
        return self._of_files.lasting_beside() + self._of_node.lasting_beside(self._said)

    def take(self, state: FeedState, now: float) -> Told:
        """Follow the node. What stood already when it was first heard of is not new."""
        if state.view is None:
            return Told()
        self._said = said_above(state)
        return self._of_node.take(standing_notices(state), now)

    def take_faults(self, title: str, faults: Sequence[str], now: float) -> Told:
        """Follow what is wrong with one kind of the user's files; no faults means that it was mended."""
        self._faults[title] = file_notices(title, faults)
        return self._of_files.take([one for some in self._faults.values() for one in some], now)

    def add(self, notice: Notice, now: float) -> None:
        """Put something into the list that has happened here."""
        self._of_node.add(msgspec.structs.replace(notice, is_event=True), now)
