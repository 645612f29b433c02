"""One answer in the engine process: tokens' bytes in, timed events out."""

from __future__ import annotations

import codecs
import re
import time
from collections.abc import Callable, Iterable, Sequence

from cortensor_tui.domain.inference import Finished, FinishReason, Prefilled, Token

Clock = Callable[[], float]

_HTML_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9]*>")


class AnswerStream:
    """Turns what a run computes into its events; `reason` is set once it is over.

    Times count from when this is made, waiting for a place included. A token that ends in the middle of a
    character gives no event: its bytes come with the token that completes the character. Bytes that are no
    UTF-8 become U+FFFD, as the chain and the sockets carry text; so the texts joined are the answer.

    `stop_texts` end the answer and are not part of it, also where they come in several tokens: some models
    spell out the mark that ends a turn. What may be the beginning of one is held back until that is known.
    """

    def __init__(
        self,
        prompt_tokens: int,
        limit_tokens: int,
        stop_texts: Sequence[str] = (),
        clock: Clock = time.monotonic,
        began_s: float | None = None,
    ) -> None:
        self.reason: FinishReason | None = None
        self._clock = clock
        self._began_s = clock() if began_s is None else began_s
        self._prompt_tokens = prompt_tokens
        self.limit_tokens = limit_tokens
        self._stop_texts = tuple(text for text in stop_texts if text)
        self._beginnings = frozenset(text[0] for text in self._stop_texts)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._count = 0
        self._prefill_began_ms: float | None = None
        self._prefill_ms = 0.0
        self._first_token_ms: float | None = None
        self._last_token_ms = 0.0

    def prefill_begins(self) -> None:
        """Take that the prompt is being read from now on."""
        if self._prefill_began_ms is None:
            self._prefill_began_ms = self._ms()

    def prefilled(self) -> Prefilled:
        """Take that the whole prompt is read."""
        now_ms = self._ms()
        began_ms = now_ms if self._prefill_began_ms is None else self._prefill_began_ms
        self._prefill_ms = now_ms - began_ms
        return Prefilled(prompt_tokens=self._prompt_tokens, prefill_ms=self._prefill_ms)

    def token(self, piece: bytes) -> Token | None:
        """Take one token's bytes: some, none, or the middle of a character."""
        self._count += 1
        self._last_token_ms = self._ms()
        if self._first_token_ms is None:
            self._first_token_ms = self._last_token_ms
        text = self._released(self._decoder.decode(piece))
        if self.reason is None and self._count >= self.limit_tokens:
            self.reason = FinishReason.LENGTH
        return self._event(text)

    def finish(
        self,
        reason: FinishReason,
        *,
        reused_tokens: int = 0,
        slots_busy: int = 1,
        sampler_chain: tuple[str, ...] = (),
    ) -> tuple[Token | Finished, ...]:
        """Return the last events: what was held back, if anything, and the end."""
        text = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        finished = Finished(
            reason=reason,
            prompt_tokens=self._prompt_tokens,
            answer_tokens=self._count,
            prefill_ms=self._prefill_ms,
            first_token_ms=self._first_token_ms,
            decode_ms=0.0 if self._first_token_ms is None else self._last_token_ms - self._first_token_ms,
            reused_tokens=reused_tokens,
            slots_busy=slots_busy,
            sampler_chain=sampler_chain,
        )
        rest = self._event(text)
        return (finished,) if rest is None else (rest, finished)

    def _released(self, text: str) -> str:
        """Return what may be told of the text so far, and end the run at a stop text."""
        if not self._held and self._beginnings.isdisjoint(text):
            return text  # nearly always
        text = self._held + text
        self._held = ""
        found = min((at for stop in self._stop_texts if (at := text.find(stop)) >= 0), default=-1)
        if found >= 0:
            self.reason = FinishReason.STOP
            self._decoder.reset()
            return text[:found]
        held = max(_overlap(text, stop) for stop in self._stop_texts)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]

    def _event(self, text: str) -> Token | None:
        return Token(text=text, count=self._count, at_ms=self._last_token_ms) if text else None

    def _ms(self) -> float:
        return (self._clock() - self._began_s) * 1000


def unmistakable(marks: Iterable[str]) -> tuple[str, ...]:
    """Return those marks that no answer has by chance: `</s>` may as well be the HTML that was asked for."""
    return tuple(mark for mark in marks if mark.strip() and not _HTML_TAG.fullmatch(mark))


def _overlap(text: str, stop: str) -> int:
    """Return how long the longest end of the text is that a stop text begins with, short of all of it."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
