"""The settings over the socket: told without secrets, changed with checks, taken at once where possible."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.sessions import Service
from cortensor_tui.node.network import profile_of
from cortensor_tui.node.owner_messages import CreateSession
from cortensor_tui.node.settings_desk import SettingsDesk
from cortensor_tui.node.settings_messages import (
    ChangeSetting,
    CheckSetting,
    GetSettings,
    SettingChanged,
    SettingChecked,
    SettingEntry,
    SettingsTold,
)
from cortensor_tui.settings import ListedSessions, Settings, load_settings
from tests.node.mining_node import MiningNode

KEY = "0x" + "4c" * 32
TOKEN = "tokentoken"
FILE = f"""\
# my node
HOST=https://arb.example/v2/{TOKEN}
CHAINID=421614
NODE_PRIVATE_KEY={KEY}
CORTENSOR_TUI_MAX_FEE_GWEI=2 # cheap
LOG_FILE_NAM=x.log
"""


class Asked:
    """A desk on a file, and what it made the node go on with."""

    def __init__(self, path: Path, environ: dict[str, str]) -> None:
        self.path = path
        self.applied: list[Settings] = []
        settings = load_settings(path, environ)
        profile = profile_of(settings, settings.chain_id)
        self.desk = SettingsDesk(settings, environ, self.applied.append, lambda: profile)

    def told(self) -> SettingsTold:
        told = self.desk.answer(GetSettings())
        assert isinstance(told, SettingsTold)
        return told

    def entry(self, key: str) -> SettingEntry:
        return next(entry for entry in self.told().entries if entry.key == key)

    def changed(self, name: str, value: str | None) -> SettingChanged:
        changed = self.desk.answer(ChangeSetting(name=name, value=value))
        assert isinstance(changed, SettingChanged)
        return changed


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    path = tmp_path / "node.env"
    path.write_text(FILE)
    path.chmod(0o600)
    return Asked(path, {"CORTENSOR_TUI_LOG_LEVEL": "warning"})


def test_nothing_secret_is_told(asked: Asked) -> None:
    wire = msgspec.json.encode(asked.told()).decode()
    assert KEY[2:] not in wire
    assert TOKEN not in wire
    assert asked.entry("NODE_PRIVATE_KEY").shown == "(hidden)"
    assert asked.entry("NODE_PRIVATE_KEY").text is None
    assert asked.entry("HOST").shown == "https://arb.example/…"
    assert asked.entry("HOST").text is None


def test_each_setting_says_where_its_value_is_from(asked: Asked) -> None:
    fee = asked.entry("CORTENSOR_TUI_MAX_FEE_GWEI")
    assert (fee.source, fee.line, fee.shown, fee.text) == ("file", 5, "2", "2")
    assert asked.entry("CORTENSOR_TUI_LOG_LEVEL").source == "environment"
    assert asked.entry("LLM_PORT").source == "default"
    finality = asked.entry("CORTENSOR_TUI_FINALITY")
    assert (finality.source, finality.shown) == ("profile", "finalized")


def test_an_unknown_name_is_told_with_its_line_and_a_suggestion(asked: Asked) -> None:
    [note] = [note for note in asked.told().notes if "LOG_FILE_NAM" in note.text]
    assert note.line == 6
    assert "perhaps LOG_FILE_NAME was meant" in note.text


def test_a_change_is_taken_at_once_and_written(asked: Asked) -> None:
    changed = asked.changed("CORTENSOR_TUI_MAX_FEE_GWEI", "3")
    assert changed.is_applied
    assert (changed.entry.shown, changed.entry.shown_next) == ("3", None)
    assert [settings.max_fee_gwei for settings in asked.applied] == [3.0]
    assert asked.path.read_text() == FILE.replace("GWEI=2", "GWEI=3")
    assert asked.entry("CORTENSOR_TUI_MAX_FEE_GWEI").shown == "3"


def test_what_only_a_dashboard_reads_waits_for_no_start_of_the_node(asked: Asked) -> None:
    changed = asked.changed("CORTENSOR_TUI_ASCII", "1")
    assert changed.entry.takes_effect == "when a dashboard is opened next"
    assert (changed.entry.shown, changed.entry.shown_next) == ("1", None)


def test_a_change_for_the_next_start_shows_both_values(asked: Asked) -> None:
    changed = asked.changed("LLM_PORT", "9000")
    assert not changed.is_applied
    assert not asked.applied
    entry = asked.entry("LLM_PORT")
    assert (entry.shown, entry.source, entry.shown_next) == ("8090", "default", "9000")
    asked.changed("LLM_PORT", None)
    assert asked.entry("LLM_PORT").shown_next is None


def test_an_edit_by_hand_is_seen_and_not_applied(asked: Asked) -> None:
    asked.path.write_text(FILE.replace("GWEI=2", "GWEI=9"))
    entry = asked.entry("CORTENSOR_TUI_MAX_FEE_GWEI")
    assert (entry.shown, entry.shown_next) == ("2", "9")
    # A change of another setting does not bring it in unasked.
    asked.changed("CORTENSOR_TUI_LOW_BALANCE_ETH", "0.1")
    assert [settings.max_fee_gwei for settings in asked.applied] == [2.0]


def test_a_preview_writes_nothing_and_guards_the_change(asked: Asked) -> None:
    checked = asked.desk.answer(CheckSetting(name="CORTENSOR_TUI_MAX_FEE_GWEI", value="3"))
    assert isinstance(checked, SettingChecked)
    assert checked.line_before == "CORTENSOR_TUI_MAX_FEE_GWEI=2 # cheap"
    assert checked.line_after == "CORTENSOR_TUI_MAX_FEE_GWEI=3 # cheap"
    assert asked.path.read_text() == FILE
    asked.path.write_text(FILE + "# more\n")
    with pytest.raises(ProblemError, match="changed meanwhile"):
        asked.desk.answer(
            ChangeSetting(name="CORTENSOR_TUI_MAX_FEE_GWEI", value="3", fingerprint=checked.fingerprint)
        )
    assert not asked.applied


def test_a_file_that_became_unusable_is_told_of(asked: Asked) -> None:
    asked.path.write_text(FILE.replace("GWEI=2", "GWEI=two"))
    told = asked.told()
    assert "CORTENSOR_TUI_MAX_FEE_GWEI" in told.problems[0].text
    assert told.problems[0].line == 5
    assert asked.entry("CORTENSOR_TUI_MAX_FEE_GWEI").shown == "2"
    asked.path.unlink()
    assert "no such file" in asked.told().problems[0].text


@pytest.mark.real
async def test_a_running_node_goes_by_the_changed_settings(node: MiningNode, session_id: int) -> None:
    def service() -> Service:
        [view] = [one for one in node.mining.sessions.views() if one.session.session_id == session_id]
        return view.service

    assert service() is Service.SERVED
    settings = load_settings(node.settings_path, {})
    profile = profile_of(settings, settings.chain_id)
    listed = msgspec.structs.replace(
        settings, authorized_sessions=ListedSessions(frozenset({999})), max_fee_gwei=0.001
    )

    node.mining.take_settings(listed, profile)
    assert service() is Service.REFUSED
    with pytest.raises(ProblemError) as refused:
        await node.mining.owner_desk.answer(CreateSession(name="dear"))
    assert refused.value.problem.code == "fee_too_low"

    node.mining.take_settings(settings, profile)
    assert service() is Service.SERVED
