"""One run on its way: what was read for it, until a `Finished` or a `Problem`."""

from __future__ import annotations

import asyncio

from cortensor_tui.domain.inference import Finished, FinishReason, GenerationEvent
from cortensor_tui.domain.problems import Problem
from cortensor_tui.inference.openai_http.answer import Answer

Read = GenerationEvent | Problem


class Run:
    """Belongs to one call of `generate`; `answer` is there once the server is asked."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Read] = asyncio.Queue()
        self.answer: Answer | None = None
        self.most_busy = 0
        self.is_over = False

    @property
    def is_working(self) -> bool:
        """Tell whether the server works on it, rather than it waiting for a turn."""
        return self.answer is not None and not self.is_over

    def put(self, item: Read) -> None:
        """Take what comes next; nothing comes after the end."""
        if self.is_over:
            return
        self.is_over = isinstance(item, Finished | Problem)
        self.inbox.put_nowait(item)

    def finish(self) -> None:
        """End it as the server did."""
        assert self.answer is not None
        self.put(self.answer.finished(slots_busy=max(1, self.most_busy)))

    def cancel(self) -> None:
        """End it with what there is."""
        if self.answer is not None:
            self.put(self.answer.finished(FinishReason.CANCELLED, max(1, self.most_busy)))
            return
        self.put(
            Finished(
                reason=FinishReason.CANCELLED,
                prompt_tokens=None,
                answer_tokens=0,
                prefill_ms=0.0,
                first_token_ms=None,
                decode_ms=0.0,
            )
        )
