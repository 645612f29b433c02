"""A model server's log as the node's own log takes it: no payloads, and no floods."""

from __future__ import annotations

from collections import deque

import structlog

from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.inert import without_payload
from cortensor_tui.domain.inference import Generation
from cortensor_tui.inference.openai_http.repeats import Traces, Words

log = structlog.get_logger(__name__)

MOST_LINES = 50
WINDOW_S = 1.0
REPEATS_A_PROMPT = "(a line that repeats a prompt)"
_MOST_PROMPTS = 32
_MOST_PROMPT_CHARS = 20_000  # a server that logs a prompt logs its beginning


class ServerLog:
    """Hears the lines of one container; servers may write prompts there, so those of late are remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._prompts: deque[Traces] = deque(maxlen=_MOST_PROMPTS)
        self._began_at = clock.monotonic()
        self._told = 0
        self._left_out = 0

    def remember(self, generation: Generation) -> None:
        """Take the prompt of a run that is about to begin."""
        self._prompts.extend(Traces(text[:_MOST_PROMPT_CHARS]) for _, text in generation.messages)

    def hear(self, line: str, *, is_serving: bool) -> None:
        """Log a line as it may be shown. What a server that serves says is for `debug`."""
        if (
            self._may_tell()
        ):  # before it is compared with prompts: some servers say hundreds of lines a second
            tell = log.debug if is_serving else log.info
            tell("container says", line=self.shown(line))

    def shown(self, line: str) -> str:
        """Return a line as it may be shown."""
        words = Words(line)
        is_repeated = any(prompt.are_in(words) for prompt in self._prompts)
        return REPEATS_A_PROMPT if is_repeated else without_payload(line)

    def _may_tell(self) -> bool:
        now = self._clock.monotonic()
        if now - self._began_at >= WINDOW_S:
            if self._left_out:
                log.info("container says more than is logged", lines_left_out=self._left_out)
            self._began_at, self._told, self._left_out = now, 0, 0
        is_told = self._told < MOST_LINES
        self._told += is_told
        self._left_out += not is_told
        return is_told
