"""What the demo takes from the user's environment: how it looks and answers, nothing of a real node."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.options import demo_node_environ, require_demo_settings
from cortensor_tui.settings import SPECS
from cortensor_tui.settings.spec import TakesEffect

EVERYTHING = {spec.key: "x" for spec in SPECS if spec.is_ours}


def test_the_demos_node_sees_private_sessions_and_what_else_is_harmless() -> None:
    environ = {"PATH": "/bin", "CORTENSOR_TUI_PRIVATE_SESSIONS": "all", **EVERYTHING}
    seen = demo_node_environ(environ)
    assert seen["PATH"] == "/bin"
    assert {key for key in seen if key.startswith("CORTENSOR_TUI_")} == {
        "CORTENSOR_TUI_PRIVATE_SESSIONS",
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
