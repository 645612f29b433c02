"""What the demo takes from the user's environment: how it looks and answers, nothing of a real node."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.options import demo_node_environ, demo_options, require_demo_settings, setup_options
from cortensor_tui.settings import SPECS
from cortensor_tui.settings.spec import TakesEffect

EVERYTHING = {spec.key: "x" for spec in SPECS if spec.is_ours}


def test_the_demos_node_sees_private_sessions_and_what_else_is_harmless() -> None:
    environ = {"PATH": "/bin", "CORTENSOR_TUI_PRIVATE_SESSIONS": "all", **EVERYTHING}
    seen = demo_node_environ(environ, Path("/demo"))
    assert seen["PATH"] == "/bin"
    assert {key for key in seen if key.startswith("CORTENSOR_TUI_")} == {
        "CORTENSOR_TUI_PRIVATE_SESSIONS",
        "CORTENSOR_TUI_REPRODUCIBLE_SESSIONS",
        "CORTENSOR_TUI_SYSTEM_PROMPT",
        "CORTENSOR_TUI_RAW_PROMPT",
        "CORTENSOR_TUI_SEED",
        "CORTENSOR_TUI_THEME",
        "CORTENSOR_TUI_ASCII",
        "CORTENSOR_TUI_TERMINAL_TITLE",
        "CORTENSOR_TUI_MOUSE",
        "CORTENSOR_TUI_LOG_LEVEL",
    }


def test_no_key_endpoint_or_folder_is_taken() -> None:
    taken = [spec for spec in SPECS if spec.in_demo]
    assert all(spec.is_ours and spec.takes_effect is not TakesEffect.BY_KEYS for spec in taken)
    assert not {"CORTENSOR_TUI_DATA_DIR", "CORTENSOR_TUI_OWNERS"} & {spec.key for spec in taken}


def test_a_value_that_cannot_be_used_is_told_before_anything_starts() -> None:
    require_demo_settings({"CORTENSOR_TUI_PRIVATE_SESSIONS": "0,1", "CORTENSOR_TUI_DATA_DIR": "\0"})
    with pytest.raises(ProblemError, match="CORTENSOR_TUI_PRIVATE_SESSIONS") as caught:
        require_demo_settings({"CORTENSOR_TUI_PRIVATE_SESSIONS": "nonsense"})
    assert "Accepted" in caught.value.problem.remedy


def test_the_demo_writes_nothing_in_the_users_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    options = demo_options({"HOME": "/home/user"})
    assert options.folder is None
    assert options.exports == tmp_path
    seen = demo_node_environ({"XDG_STATE_HOME": "/home/user/state"}, Path("/demo"))
    assert seen["XDG_STATE_HOME"] == "/demo/state"


def test_the_demo_has_the_folder_that_the_environment_names() -> None:
    assert demo_options({"CORTENSOR_TUI_DASHBOARD_DIR": "/own"}).folder == Path("/own")


def test_a_set_up_is_beside_the_settings_it_will_write() -> None:
    folder = setup_options({}).folder
    assert folder == Path("~/.cortensor").expanduser()
