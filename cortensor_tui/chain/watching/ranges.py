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
    """Return the span after `asked` blocks were answered. A range smaller than the span proves nothing."""
    good = span.good_answers + 1
    refused = None if good >= ANSWERS_UNTIL_TRIED_AGAIN else span.refused
    if refused is not None and asked >= refused:
        refused = None
    if asked < span.blocks:
        return Span(blocks=span.blocks, most=span.most, refused=refused, good_answers=good)
    grown = min(span.most, span.blocks + (span.blocks + 1) // 2)
    if refused is not None and grown >= refused:
        grown = span.blocks
    return Span(blocks=grown, most=span.most, refused=refused, good_answers=good)
