"""The terminal's title: the verdict, seldom, and given back."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.terminal_title import LEAST_INTERVAL_S, TerminalTitle, title_of

from . import samples

NOW = samples.NOW


def state(**changes: object) -> FeedState:
    view = from_snapshot(samples.snapshot())
    return msgspec.structs.replace(FeedState(link=Link.LIVE, since=0.0, heard_at=NOW, view=view), **changes)


def test_it_tells_the_verdict_and_foreign_words_are_inert() -> None:
    assert title_of(state(), NOW) == "cortensor: SERVING answering task 7/12"
    hostile = msgspec.structs.replace(samples.status(), reason="\x07\x1b]0;owned\x1b\\ \u202e")
    view = msgspec.structs.replace(from_snapshot(samples.snapshot()), status=hostile)
    assert title_of(state(view=view), NOW).isprintable()
    assert title_of(state(link=Link.UNREACHABLE), NOW) == "cortensor: UNREACHABLE"


def test_it_is_not_surer_than_the_header() -> None:
    assert title_of(state(), NOW + 12) == "cortensor: SILENT, was serving"
    assert title_of(state(heard_at=NOW + 90), NOW + 90) == "cortensor: SERVING, the head is old"


def test_it_is_written_once_in_a_while_and_restored() -> None:
    written: list[str] = []
    title = TerminalTitle(written.append)
    title.show("a", 0.0)
    title.show("b", 1.0)
    title.show("b", LEAST_INTERVAL_S)
    title.show("b", 3 * LEAST_INTERVAL_S)
    title.restore()
    title.restore()
    assert written == ["\x1b[22;0t\x1b]0;a\x07", "\x1b]0;b\x07", "\x1b[23;0t"]
