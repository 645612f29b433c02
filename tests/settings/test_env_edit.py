"""A value is changed in a settings file; everything else in it stays, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.settings import env_line
from cortensor_tui.settings.env_edit import with_values
from cortensor_tui.settings.env_file import parse_env

PATH = Path("/x/.env")


def test_comments_order_quotes_and_line_ends_stay() -> None:
    text = (
        "# head\r\n\r\nHOST='http://h'\r\n  export NODE_PRIVATE_KEY = \"0xab\" # mine\r\n"
        "NODE_PRIVATE_KEY=0xcd\nCHAINID=1"
    )

    changed = with_values(text, {"NODE_PRIVATE_KEY": "", "NEW": "/a b/k.json"}, PATH)

    assert changed == (
        "# head\r\n\r\nHOST='http://h'\r\n  export NODE_PRIVATE_KEY= # mine\r\n"
        "NODE_PRIVATE_KEY=\nCHAINID=1\nNEW='/a b/k.json'\n"
    )


lines = st.one_of(
    st.sampled_from(["", "# NODE_PRIVATE_KEY=0xab", "A=1", "export B='x # y'", 'C="two\nlines"', "D"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(max_size=10, alphabet="ab '\"#\\").map(lambda value: env_line("E", value).rstrip("\n")),
)


@given(before=st.lists(lines), after=st.lists(lines))
def test_in_any_file_the_change_is_what_was_asked_or_nothing(before: list[str], after: list[str]) -> None:
    text = "\n".join([*before, "NODE_PRIVATE_KEY=0x" + "ab" * 32, *after])
    old = {key: entry.value for key, entry in parse_env(text, PATH).entries.items()}
    changes = {"NODE_PRIVATE_KEY": "", "CORTENSOR_TUI_NODE_KEYSTORE": "/k"}
    try:
        changed = with_values(text, changes, PATH)
    except ProblemError:  # which refusals there are, the test below says
        return
    new = {key: entry.value for key, entry in parse_env(changed, PATH).entries.items()}
    assert new == {**old, **changes}


def test_an_unclosed_quote_is_left_to_the_person() -> None:
    with pytest.raises(ProblemError, match="left as it is") as caught:
        with_values("A='x", {"B": "/k"}, PATH)
    assert caught.value.problem.code == "settings_not_changed"
