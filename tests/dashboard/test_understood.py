"""A settings file in a few words before it is used: what is taken, what is not, and what is missing."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.present.understood import summary_lines, understood_rows
from cortensor_tui.settings.setup_draft import Understood, UnderstoodLine


def setting(
    name: str, is_good: bool | None, *, line: int | None = 1, default: str = "", is_known: bool = True
) -> UnderstoodLine:
    return UnderstoodLine(line=line, name=name, says="x", is_good=is_good, default=default, is_known=is_known)


def told(*lines: UnderstoodLine, key_address: str | None = None) -> list[str]:
    found = Understood(
        path=Path("/.env"), lines=lines, is_usable=True, has_plain_key=True, key_address=key_address
    )
    return ["".join(span.text for span in one).rstrip() for one in summary_lines(found, 78)]


def test_what_is_taken_unlike_the_default_unused_and_unknown_is_counted() -> None:
    lines = (
        setting("HOST", True),
        setting("LLM_PORT", True, default="8090"),
        setting("API_ENABLE", None),
        setting("LLM_PROT", None, is_known=False),
        setting("(the file)", None, line=None),
    )
    assert told(*lines) == [" ● 2 taken (1 not by default)  ○ 2 unused (1 unknown)"]


def test_what_is_missing_is_named() -> None:
    lines = (
        setting("CHAINID", False, line=None),
        setting("HOST", False),
        setting("NODE_PRIVATE_KEY", False, line=None),
    )
    assert told(*lines) == [" ✖ 3 wrong", " Missing: CHAINID, NODE_PRIVATE_KEY."]


def test_the_key_s_address_is_whole_in_80_columns() -> None:
    address = "0x" + "Ab" * 20
    assert told(setting("HOST", True), key_address=address)[1] == f" The node would be {address}."


def test_a_row_tells_the_default_where_it_is_another() -> None:
    one = UnderstoodLine(line=1, name="LLM_PORT", says="80", is_good=True, default="8090")
    found = Understood(path=Path("/.env"), lines=(one,), is_usable=True, has_plain_key=False)
    [row] = understood_rows(found)
    told_in_row = row.cells[-1]
    assert isinstance(told_in_row, Span)
    assert told_in_row.text == "● 80 (by default 8090)"
