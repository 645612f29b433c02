"""Setting up a node with a file that exists: what is understood of it, and how it is taken over."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cortensor_tui.chain.signing.keystore import address_of, decrypt, read_keystore
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.setup import existing
from cortensor_tui.launch.setup.existing import likely_files, take_over, understand
from cortensor_tui.launch.setup.writing import keep_key
from cortensor_tui.settings import Secret, load_settings
from cortensor_tui.settings.setup_draft import KeyTreatment

PASSWORD = Secret("correct horse")
KEY = Secret(user_accounts()[3].private_key)
RUNTIME = "0x" + "ab" * 20
OLD = f"""\
# cortensord
HOST="https://arb.example/v2/tok"
CHAINID=421614
NODE_PRIVATE_KEY={KEY.reveal()}
ROUTER_EXTERNAL_IP=1.2.3.4
CORTENSOR_TUI_DATA_DIR=data
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old" / ".env"
    path.parent.mkdir()
    path.write_text(OLD)
    path.chmod(0o600)
    return path


def test_a_file_is_understood_line_by_line_without_its_secrets(old: Path) -> None:
    found = understand(old, {})
    assert found.is_usable
    assert found.has_plain_key
    said = {one.name: (one.line, one.says, one.is_good) for one in found.lines}
    assert said["CHAINID"] == (3, "421614", True)
    assert said["NODE_PRIVATE_KEY"] == (4, "(hidden)", True)
    assert said["ROUTER_EXTERNAL_IP"][2] is None
    assert "tok" not in said["HOST"][1]


def test_each_bad_line_of_a_file_is_told_with_its_number(old: Path) -> None:
    old.write_text(OLD.replace("CHAINID=421614", "CHAINID=many") + 'what is this?\nLLM_PORT="80\n')
    found = understand(old, {})
    assert not found.is_usable
    bad = {one.line: (one.name, one.says) for one in found.lines if one.is_good is False}
    assert set(bad) == {3, 7, 8}
    assert "cannot be read" in bad[7][1]
    assert bad[3][0] == "CHAINID"
    assert "many" in bad[3][1]
    assert "does not close" in bad[8][1]
    said = {one.name: one.says for one in found.lines}
    assert said["NODE_PRIVATE_KEY"] == "(hidden)"  # what is right is told as it will be used
    assert said["CORTENSOR_TUI_DATA_DIR"] == "data"
    assert [one.line for one in found.lines if one.line] == sorted(
        one.line for one in found.lines if one.line
    )


@pytest.mark.parametrize(
    ("more", "is_doubtful"),
    [
        ("ENABLE_DEDICATED_NODE=0\n", True),
        ("ENABLE_DEDICATED_NODE=1\n", False),
        ("ENABLE_DEDICATED_NODE=0\nCHAINID=many\n", True),
    ],
)
def test_a_switch_that_would_block_the_node_is_told(old: Path, more: str, is_doubtful: bool) -> None:
    old.write_text(OLD + more)
    [line] = [one for one in understand(old, {}).lines if one.name == "ENABLE_DEDICATED_NODE"]
    assert (line.is_doubtful, line.is_good) == (is_doubtful, not is_doubtful or None)
    assert ("BLOCKED" in line.says) is is_doubtful


def test_the_address_of_the_key_is_told(old: Path) -> None:
    assert understand(old, {}).key_address == address_of(KEY)


def test_an_address_that_is_not_the_key_s_is_a_bad_line(old: Path) -> None:
    old.write_text(OLD + f"NODE_PUBLIC_KEY={RUNTIME}\n")
    found = understand(old, {})
    assert not found.is_usable
    [bad] = [one for one in found.lines if one.is_good is False]
    assert (bad.name, bad.line) == ("NODE_PUBLIC_KEY", 7)
    assert "is not the address of NODE_PRIVATE_KEY in line 4" in bad.says
    assert address_of(KEY) in bad.says


def test_other_values_than_the_default_and_misspelled_names_are_told(old: Path) -> None:
    old.write_text(OLD + "LLM_PORT=8091\nLLM_PROT=1\nLLM_HOST=127.0.0.1\n")
    said = {one.name: one for one in understand(old, {}).lines}
    assert said["LLM_PORT"].default == "8090"
    assert said["LLM_PROT"].says == "not known here; perhaps LLM_PORT was meant; kept"
    assert [said[name].is_known for name in ("LLM_PROT", "ROUTER_EXTERNAL_IP")] == [False, True]
    assert {said[name].default for name in ("HOST", "NODE_PRIVATE_KEY", "LLM_HOST")} == {""}


@pytest.mark.parametrize("is_in_place", [False, True])
def test_the_switch_is_set_where_that_is_wanted(old: Path, tmp_path: Path, is_in_place: bool) -> None:
    old.write_text(OLD + "ENABLE_DEDICATED_NODE=0  # the network's default\n")
    target = old if is_in_place else tmp_path / "home" / ".env"
    take_over(old, target, KeyTreatment.ENCRYPT, PASSWORD, {}, enables_dedicated=True)
    assert load_settings(target, {}).dedicated_enabled
    assert "ENABLE_DEDICATED_NODE=1  # the network's default" in target.read_text()
    assert ("ENABLE_DEDICATED_NODE=0" in old.read_text()) == (not is_in_place)
    assert load_settings(target, {}).node_keystore is not None


def test_a_watching_node_is_not_blocked_by_the_switch(old: Path) -> None:
    watched = f"CORTENSOR_TUI_WATCH_ADDRESS=0x{'ab' * 20}\nENABLE_DEDICATED_NODE=0\n"
    old.write_text(f"HOST=https://arb.example\nCHAINID=421614\n{watched}")
    assert not any(one.is_doubtful for one in understand(old, {}).lines)


def test_a_key_that_others_can_read_is_told(old: Path) -> None:
    old.chmod(0o644)
    assert any("other users" in one.says and one.line is None for one in understand(old, {}).lines)


def test_a_setting_that_is_missing_is_told_without_a_line(old: Path) -> None:
    old.write_text("HOST=https://arb.example\n")
    missing = {one.name for one in understand(old, {}).lines if one.line is None}
    assert missing == {"CHAINID", "NODE_PRIVATE_KEY"}


def test_a_file_that_cannot_be_read_is_told_with_what_to_do(old: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        understand(old.with_name("nothing"), {})
    assert caught.value.problem.what == f"There is no file {old.with_name('nothing')}"
    assert "right arrow" in caught.value.problem.remedy
    with pytest.raises(ProblemError, match="a folder, not a file"):
        understand(old.parent, {})


@pytest.mark.parametrize("treatment", list(KeyTreatment))
def test_a_file_is_taken_over_with_its_key_treated_as_asked(
    old: Path, tmp_path: Path, treatment: KeyTreatment
) -> None:
    target = tmp_path / "home" / ".env"
    made = take_over(old, target, treatment, PASSWORD, {})
    settings = load_settings(target, {})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert settings.data_dir == old.parent / "data"
    assert "# cortensord\n" in target.read_text()
    is_plain = treatment is KeyTreatment.KEEP
    assert (KEY.reveal() in target.read_text()) == is_plain
    assert (KEY.reveal() in old.read_text()) == (treatment is not KeyTreatment.ENCRYPT_AND_BLANK)
    assert (made.password is None) == is_plain
    if not is_plain:
        assert settings.node_keystore is not None
        assert decrypt(read_keystore(settings.node_keystore), PASSWORD.reveal()) == KEY


@pytest.mark.parametrize("is_in_place", [False, True])
def test_what_is_edited_while_the_key_is_encrypted_is_kept(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_in_place: bool
) -> None:
    def edit_meanwhile(path: Path, key: Secret, password: Secret) -> None:
        keep_key(path, key, password)
        old.write_text(old.read_text() + "LLM_PORT=8091\n")

    monkeypatch.setattr(existing, "keep_key", edit_meanwhile)
    target = old if is_in_place else tmp_path / "home" / ".env"
    take_over(old, target, KeyTreatment.ENCRYPT_AND_BLANK, PASSWORD, {}, enables_dedicated=True)
    for file in (old, target):
        assert "LLM_PORT=8091" in file.read_text()
    assert load_settings(target, {}).node_keystore is not None


def test_likely_files_are_those_beside_the_usual_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".cortensor"
    folder.mkdir()
    for name in (".env-2", ".env.example", "notes"):
        (folder / name).write_text("")
    found = likely_files()
    assert folder.resolve() / ".env-2" in found
    assert not any(path.name in (".env.example", "notes") for path in found)
