"""What the node depends on, one line each: a mark, a word, the number that matters, and what else fits."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, clip, line, pad, width_of
from cortensor_tui.dashboard.present.dependencies import BAD, GOOD, Dependency, dependencies
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.domain.health import NodeStatus

_LABEL_CELLS = 9
_NEWS_CELLS = 3 + _LABEL_CELLS
_LEAST_CUT_CELLS = 12
"""A fact that has to be cut to less than this says nothing and is left out."""
_WORD_CELLS = 13
_UNKNOWN = "unknown"
"""A word that facts beside it say better."""


def column_lines(status: NodeStatus, sight: Sight, width: int) -> list[Line]:
    """Return one dependency a line."""
    lines = []
    for one in dependencies(status, sight):
        lines += [_line(one, sight, width, has_word=True), *_news(sight, width, one)]
    return lines


def paired_lines(status: NodeStatus, sight: Sight, width: int) -> list[Line]:
    """Return them in two columns, for screens with few lines; words give way to figures there.

    What fails has a line of its own above them, so that its cause can be read.
    """
    everything = dependencies(status, sight)
    failed = [one for one in everything if one.look == BAD]
    found = [one for one in everything if one.look != BAD]
    half = (len(found) + 1) // 2
    left_width = width * 33 // 80
    lines = []
    for one in failed:
        lines += [_line(one, sight, width, has_word=True), *_news(sight, width, one)]
    for index in range(half):
        if index + half == len(found):
            lines += [_line(found[index], sight, width, has_word=False), *_news(sight, width, found[index])]
            break
        left = _line(found[index], sight, left_width, has_word=False)
        filler = Span(" " * (left_width - width_of(left)))
        right = found[index + half]
        beside = _line(right, sight, width - left_width, has_word=False)
        lines += [(*left, filler, *beside), *_news(sight, width, found[index], right)]
    return lines


def _news(sight: Sight, width: int, *some: Dependency) -> list[Line]:
    told = [one.news for one in some if one.news]
    return [clip((Span(" " * _NEWS_CELLS), *sight.line(news)), width) for news in told]


def _line(one: Dependency, sight: Sight, width: int, *, has_word: bool) -> Line:
    mark, role = sight.look(one.look)
    lead = line((f" {mark} ", role), (pad(one.label, _LABEL_CELLS), "muted"))
    is_well = one.look == GOOD
    if has_word:
        lead = (*lead, Span(pad(one.word, _WORD_CELLS), role))
    elif not one.facts or not (is_well or one.word == _UNKNOWN):
        lead = (*lead, Span(f"{one.word} ", role))
    return (*lead, *sight.line(_fitting(one.facts, width - width_of(lead) - 1)))


def _fitting(facts: tuple[Line, ...], room: int) -> Line:
    """Return as many facts as there is room for; the last of them without its remarks, or cut."""
    kept: Line = ()
    for fact in facts:
        joint = line((" · ", "muted")) if kept else ()
        left = room - width_of(kept) - width_of(joint)
        if width_of(fact) <= left:
            kept = (*kept, *joint, *fact)
            continue
        for spans in range(len(fact) - 1, 0, -1):
            if width_of(fact[:spans]) <= left:
                return (*kept, *joint, *fact[:spans])
        return (*kept, *joint, *clip(fact, left)) if not kept or left >= _LEAST_CUT_CELLS else kept
    return kept
