"""One run on its way: what was read for it, until a `Finished` or a `Problem`."""

from __future__ import annotations

import asyncio

import msgspec

from cortensor_tui.domain.inference import Finished, FinishReason, GenerationEvent, Prefilled, Token
from cortensor_tui.domain.problems import Problem

Read = GenerationEvent | Problem


class Run:
    """Belongs to one call of `generate`. `is_working` from when the server is asked until it is over."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Read] = asyncio.Queue()
        self.is_over = False
        self.is_working = False
        self._most_at_once = 1
        self._prefilled: Prefilled | None = None
        self._first: Token | None = None
        self._last: Token | None = None

    def put(self, item: Read) -> None:
        """Take what comes next; nothing comes after the end."""
        if self.is_over:
            return
        if isinstance(item, Finished):
            item = msgspec.structs.replace(item, slots_busy=self._most_at_once)
        elif isinstance(item, Token):
            self._first, self._last = self._first or item, item
        elif isinstance(item, Prefilled):
            self._prefilled = item
        if isinstance(item, Finished | Problem):
            self.end()
        self.inbox.put_nowait(item)

    def beside(self, count: int) -> None:
        """Note how many runs the server works on, this one included."""
        self._most_at_once = max(self._most_at_once, count)

    def cancel(self) -> None:
        """End it with what there is."""
        prefilled, first, last = self._prefilled, self._first, self._last
        self.put(
            Finished(
                reason=FinishReason.CANCELLED,
                prompt_tokens=prefilled.prompt_tokens if prefilled else None,
                answer_tokens=last.count if last else 0,
                prefill_ms=prefilled.prefill_ms if prefilled else 0.0,
                first_token_ms=first.at_ms if first else None,
                decode_ms=last.at_ms - first.at_ms if first and last else 0.0,
            )
        )

    def end(self) -> None:
        """Take nothing more."""
        self.is_over, self.is_working = True, False
