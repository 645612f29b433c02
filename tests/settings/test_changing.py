"""One setting is changed in its file: checked, shown, written; the rest of the file stays as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings import SPECS, load_settings
from cortensor_tui.settings.changing import plan_change, setting_named, write_change
from cortensor_tui.settings.spec import TakesEffect

from .conftest import PRIVATE_KEY, WriteEnv


def refused(path: Path, name: str, value: str | None, environ: dict[str, str] | None = None) -> Problem:
    before = path.read_bytes()
    with pytest.raises(ProblemError) as caught:
        plan_change(path, environ or {}, name, value)
    assert path.read_bytes() == before
    return caught.value.problem


def changed(path: Path, name: str, value: str | None) -> str:
    write_change(plan_change(path, {}, name, value))
    return path.read_text()


def test_a_change_is_shown_first_and_written_after(write_env: WriteEnv) -> None:
    path = write_env("# fees", 'CORTENSOR_TUI_MAX_FEE_GWEI = "2" # low', "X=1")
    before = path.read_text()

    planned = plan_change(path, {}, "cortensor_tui_max_fee_gwei", " 3.5 ")

    assert path.read_text() == before
    assert (planned.line, planned.line_before) == (5, 'CORTENSOR_TUI_MAX_FEE_GWEI = "2" # low')
    assert planned.line_after == 'CORTENSOR_TUI_MAX_FEE_GWEI = "3.5" # low'
    assert planned.settings.max_fee_gwei == 3.5
    write_change(planned)
    assert path.read_text() == before.replace('"2"', '"3.5"')


def test_the_files_mode_stays(write_env: WriteEnv) -> None:
    path = write_env()
    path.chmod(0o640)
    changed(path, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_to_the_file_stays_a_link(write_env: WriteEnv, tmp_path: Path) -> None:
    path = write_env()
    link = tmp_path / "link.env"
    link.symlink_to(path)
    changed(link, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    assert link.is_symlink()
    assert load_settings(path, {}).log_level == "debug"


def test_a_new_one_goes_below_its_commented_line(write_env: WriteEnv) -> None:
    path = write_env("# CORTENSOR_TUI_LOG_LEVEL=info", "X=1")
    text = changed(path, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    assert "# CORTENSOR_TUI_LOG_LEVEL=info\nCORTENSOR_TUI_LOG_LEVEL='debug'\nX=1\n" in text


def test_back_to_the_default(write_env: WriteEnv) -> None:
    path = write_env("CORTENSOR_TUI_LOG_LEVEL=debug # loud", "CORTENSOR_TUI_SYSTEM_PROMPT='be brief'")
    assert "CORTENSOR_TUI_LOG_LEVEL= # loud\n" in changed(path, "CORTENSOR_TUI_LOG_LEVEL", None)
    assert "SYSTEM_PROMPT" not in changed(path, "CORTENSOR_TUI_SYSTEM_PROMPT", None)
    settings = load_settings(path, {})
    assert settings.log_level == "info"
    assert settings.default_system_prompt == "You are a helpful assistant."
    assert not plan_change(path, {}, "CORTENSOR_TUI_SEED", None).is_change


def test_an_empty_value_counts_only_where_it_is_one(write_env: WriteEnv) -> None:
    path = write_env()
    changed(path, "CORTENSOR_TUI_SYSTEM_PROMPT", "")
    assert load_settings(path, {}).default_system_prompt == ""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CORTENSOR_TUI_MAX_FEE_GWEI", "lots", "is not a number"),
        ("CORTENSOR_TUI_MAX_FEE_GWEI", "0", "out of range"),
        ("CHAINID", None, "must be set"),
        ("DEDICATED_NODE_AUTHORIZED_SESSIONS", "1,,2", "empty place"),
    ],
)
def test_what_the_node_could_not_use_is_refused(
    write_env: WriteEnv, name: str, value: str | None, words: str
) -> None:
    problem = refused(write_env(), name, value)
    assert problem.code == "setting_refused"
    assert words in problem.sentence()


def test_key_material_is_left_to_the_keys_commands(write_env: WriteEnv) -> None:
    for spec in SPECS:
        if spec.takes_effect is TakesEffect.BY_KEYS:
            problem = refused(write_env(), spec.key, "/k.json")
            assert problem.code == "key_setting"
            assert "keys import" in problem.remedy
    kept_from_view = (TakesEffect.BY_KEYS, TakesEffect.BY_HAND)
    assert all(spec.takes_effect in kept_from_view for spec in SPECS if spec.is_secret)


def test_an_access_token_is_set_by_hand(write_env: WriteEnv) -> None:
    problem = refused(write_env(), "CORTENSOR_TUI_ENGINE_TOKEN", "s3cret")
    assert problem.code == "secret_setting"
    assert "by hand" in problem.remedy
    assert "s3cret" not in problem.sentence()


def test_what_the_environment_decides_is_refused(write_env: WriteEnv) -> None:
    environ = {"CORTENSOR_TUI_LOG_LEVEL": "error"}
    problem = refused(write_env(), "CORTENSOR_TUI_LOG_LEVEL", "debug", environ)
    assert problem.code == "setting_from_environment"


def test_a_read_only_file_is_refused(write_env: WriteEnv) -> None:
    path = write_env()
    path.chmod(0o400)
    assert refused(path, "CORTENSOR_TUI_LOG_LEVEL", "debug").code == "settings_read_only"


def test_an_unknown_name_is_met_with_a_suggestion(write_env: WriteEnv) -> None:
    problem = refused(write_env(), "CORTENSOR_TUI_LOGLEVEL", "debug")
    assert problem.code == "unknown_setting"
    assert "perhaps CORTENSOR_TUI_LOG_LEVEL was meant" in problem.why
    assert setting_named("rpc_host_3").key == "RPC_HOST_3"


def test_a_file_that_was_changed_meanwhile_is_left_alone(write_env: WriteEnv) -> None:
    path = write_env()
    planned = plan_change(path, {}, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    path.write_text(path.read_text() + "X=1\n")
    with pytest.raises(ProblemError, match="changed meanwhile"):
        write_change(planned)
    again = plan_change(path, {}, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    with pytest.raises(ProblemError, match="changed meanwhile"):
        write_change(again, fingerprint=planned.fingerprint)
    assert "LOG_LEVEL" not in path.read_text()


def test_other_faults_of_the_file_are_named(write_env: WriteEnv) -> None:
    path = write_env("LLM_OPTION_MLOCK=maybe")
    problem = refused(path, "CORTENSOR_TUI_LOG_LEVEL", "debug")
    assert "other faults" in problem.what
    assert "LLM_OPTION_MLOCK" in problem.why


def test_the_preview_shows_no_token_and_no_key(write_env: WriteEnv) -> None:
    path = write_env(f"RPC_HOST_0=https://old.example/v2/tok # {PRIVATE_KEY}")
    planned = plan_change(path, {}, "RPC_HOST_0", "https://new.example/v2/secret")
    shown = planned.line_before + planned.line_after
    assert planned.line_after.startswith("RPC_HOST_0=https://new.example/…")
    assert "tok" not in shown
    assert "secret" not in shown
    assert PRIVATE_KEY[2:] not in shown
