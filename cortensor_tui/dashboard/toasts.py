"""Toasts: a line over the keys, or at the foot of a box, where it covers nothing that is being used."""

from __future__ import annotations

import msgspec

REMARK_S = 3.0
"""How long an answer to a key stays."""
NOTICE_S = 15.0
"""How long something new that needs the operator stays, unless its cause goes before; the list keeps it."""


class Toast(msgspec.Struct, frozen=True):
    """One sentence. Without a `cause` it is a remark: an answer to what was just done.

    `role` is how it looks: "plain", "warn" or "bad".
    """

    text: str
    title: str = ""
    role: str = "plain"
    cause: str = ""


class Toasts:
    """Those that stand: one remark at most, and one of each cause. Each stands until `end` or `take_away`."""

    def __init__(self) -> None:
        self._remark: Toast | None = None
        self._notices: dict[str, Toast] = {}

    @property
    def shown(self) -> Toast | None:
        """Return the one to be shown: the remark, else the newest notice."""
        return self._remark or next(reversed(self._notices.values()), None)

    @property
    def others(self) -> int:
        """Return how many notices stand besides the one that is shown."""
        return max(0, len(self._notices) - (self._remark is None))

    def show(self, toast: Toast) -> None:
        """Add one; a remark takes the place of the one before."""
        if toast.cause:
            self._notices.pop(toast.cause, None)
            self._notices[toast.cause] = toast
        else:
            self._remark = toast

    def end(self, toast: Toast) -> None:
        """End this very one: an equal one that came later stays."""
        if self._remark is toast:
            self._remark = None
        if self._notices.get(toast.cause) is toast:
            del self._notices[toast.cause]

    def take_away(self, cause: str) -> None:
        """End what a cause had brought, as it has gone."""
        self._notices.pop(cause, None)
