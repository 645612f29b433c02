"""What the node got through, span by span: by minutes for an hour, coarser for a day and for a week."""

from __future__ import annotations

import msgspec

MINUTE_S = 60
TEN_MINUTES_S = 600
HOUR_S = 3_600
KEPT_SPANS = {MINUTE_S: 60, TEN_MINUTES_S: 144, HOUR_S: 168}
"""How many spans are kept of each length, in seconds: an hour, a day and a week of them."""


class Span(msgspec.Struct, frozen=True, array_like=True):
    """The tasks that ended in `length_s` seconds from `began_at`, unix seconds, and what their runs took.

    `answered` were ended with this node's answer, `missed` without. Speeds are over all tokens of the span,
    in tokens per second, None where no task of it says. A span in which nothing ended has zeros.
    """

    began_at: int
    length_s: int
    answered: int = 0
    missed: int = 0
    prompt_tokens: int = 0
    prefill_s: float = 0.0
    answer_tokens: int = 0
    decode_s: float = 0.0

    @property
    def prefill_tokens_per_s(self) -> float | None:
        """Return how fast prompts were read, None where none was."""
        return self.prompt_tokens / self.prefill_s if self.prefill_s else None

    @property
    def decode_tokens_per_s(self) -> float | None:
        """Return how fast answers were written, None where none was."""
        return self.answer_tokens / self.decode_s if self.decode_s else None

    def plus(self, other: Span) -> Span:
        """Return this span with what another one of the same time adds."""
        return Span(
            self.began_at,
            self.length_s,
            self.answered + other.answered,
            self.missed + other.missed,
            self.prompt_tokens + other.prompt_tokens,
            self.prefill_s + other.prefill_s,
            self.answer_tokens + other.answer_tokens,
            self.decode_s + other.decode_s,
        )


class Throughput(msgspec.Struct, frozen=True):
    """Every span in which something happened, by length and time. `series` fills in the quiet ones."""

    spans: tuple[Span, ...] = ()

    def series(self, length_s: int, now: float) -> tuple[Span, ...]:
        """Return the spans of a length in `KEPT_SPANS`, oldest first, the last one being that of `now`.

        All of them, always as many: what was quiet has zeros.
        """
        known = {span.began_at: span for span in self.spans if span.length_s == length_s}
        last = span_start(now, length_s)
        starts = range(last - (KEPT_SPANS[length_s] - 1) * length_s, last + 1, length_s)
        return tuple(known.get(start) or Span(start, length_s) for start in starts)

    def with_spans(self, changed: tuple[Span, ...]) -> Throughput:
        """Return it with spans as they now stand, without those that are older than is kept."""
        spans = {(span.length_s, span.began_at): span for span in (*self.spans, *changed)}
        newest: dict[int, int] = {}
        for length_s, began_at in spans:
            newest[length_s] = max(began_at, newest.get(length_s, began_at))
        return Throughput(
            tuple(
                span
                for (length_s, began_at), span in sorted(spans.items())
                if began_at > newest[length_s] - KEPT_SPANS[length_s] * length_s
            )
        )


def span_start(at: float, length_s: int) -> int:
    """Return when the span began that a time is in."""
    return int(at // length_s) * length_s
