"""An address to watch instead of a key to answer with: one of both, never both."""

from __future__ import annotations

import pytest

from cortensor_tui.settings import SettingsError, load_settings
from tests.settings.conftest import PRIVATE_KEY, WriteEnv

ADDRESS = "0x" + "ab" * 20
WATCH = f"CORTENSOR_TUI_WATCH_ADDRESS={ADDRESS}"


@pytest.mark.parametrize("key_line", ["NODE_PRIVATE_KEY=", "NODE_PRIVATE_KEY=0x" + "0" * 64])
def test_no_key_is_needed_to_watch(write_env: WriteEnv, key_line: str) -> None:
    settings = load_settings(write_env(key_line, WATCH), {})

    assert settings.watch_address == ADDRESS
    assert settings.node_private_key is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NODE_PRIVATE_KEY", PRIVATE_KEY),
        ("CORTENSOR_TUI_NODE_KEYSTORE", "keystore/node.json"),
        ("CORTENSOR_TUI_OWNER_PRIVATE_KEY", PRIVATE_KEY),
    ],
)
def test_a_key_besides_is_refused_and_named(write_env: WriteEnv, key: str, value: str) -> None:
    lines = {"NODE_PRIVATE_KEY": "", key: value}
    with pytest.raises(SettingsError) as caught:
        load_settings(write_env(*(f"{name}={text}" for name, text in lines.items()), WATCH), {})

    [problem] = caught.value.problems
    assert problem.key == "CORTENSOR_TUI_WATCH_ADDRESS"
    assert key in problem.what
    assert problem.remedy is not None
    assert key in problem.remedy
    assert PRIVATE_KEY not in problem.sentence()


def test_an_address_of_the_environment_is_told_as_such(write_env: WriteEnv) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write_env(), {"CORTENSOR_TUI_WATCH_ADDRESS": ADDRESS})

    assert caught.value.problems[0].path == "the environment"
