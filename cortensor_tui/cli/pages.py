"""Reading a list of the node page after page, until as many rows are there as are wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from cortensor_tui.node.history_messages import MOST_LISTED, GetTasks, GetTransactions

Asked = TypeVar("Asked", GetTasks, GetTransactions)
Page = TypeVar("Page")
Row = TypeVar("Row")


def read_pages(
    asked: Asked,
    limit: int,
    read: Callable[[Asked], Page],
    rows_of: Callable[[Page], tuple[Row, ...]],
    following: Callable[[Page], Asked | None],
) -> tuple[Page, tuple[Row, ...]]:
    """Return the last page read and so many rows at most, in the order of the list.

    `following` tells what asks for the page after one, None after the last. A list that rises (`after`) is
    read from its other end, so that each page comes the wrong way round.
    """
    found: tuple[Row, ...] = ()
    goes_up = asked.after is not None
    while True:
        page = read(msgspec.structs.replace(asked, limit=min(limit - len(found), MOST_LISTED)))
        found += rows_of(page)[::-1] if goes_up else rows_of(page)
        after = following(page)
        if after is None or len(found) >= limit:
            return page, found
        asked = after
