"""How many blocks to ask logs of at once: halved when it goes wrong, grown by half when it goes well."""

from __future__ import annotations

import msgspec

# A refused size is tried again after so many good answers: an endpoint's limits may pass.
ANSWERS_UNTIL_TRIED_AGAIN = 50


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The policy's whole state. `blocks` is what to ask next, never above `most`.

    `refused` is the smallest size that failed of late; growth stops below it, so that an endpoint with a
    fixed limit is not asked in vain every few ranges.
    """

    blocks: int
    most: int
    refused: int | None = None
    good_answers: int = 0


def first_span(most: int) -> Span:
    """Return the span to begin with: everything that the network's profile allows."""
    return Span(blocks=most, most=most)


def after_failure(span: Span, asked: int) -> Span:
    """Return the span after `asked` blocks were refused or not answered in time."""
    return Span(
        blocks=max(1, min(span.blocks, asked) // 2),
        most=span.most,
        refused=max(2, min(asked, span.refused or asked)),
    )


def after_success(span: Span, asked: int) -> Span:
    """Return the span after `asked` blocks were answered.

    A range smaller than the span proves nothing; but an idle node asks no other, so after many of them more
    is tried all the same.
    """
    good = span.good_answers + 1
    is_tried_again = good >= ANSWERS_UNTIL_TRIED_AGAIN
    refused = None if span.refused is None or is_tried_again or asked >= span.refused else span.refused
    grown = min(span.most, span.blocks + (span.blocks + 1) // 2)
    may_grow = (asked >= span.blocks or is_tried_again) and (refused is None or grown < refused)
    return Span(
        blocks=grown if may_grow else span.blocks,
        most=span.most,
        refused=refused,
        good_answers=0 if is_tried_again else good,
    )
