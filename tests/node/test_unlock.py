"""Where a node's keys come from, in which order, and what is said when they do not come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cortensor_tui.chain.signing.keystore import address_of, write_keystore
from cortensor_tui.chain.signing.signer import WatchedAddress
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.launch.passwords import ask_for_detached
from cortensor_tui.node.identity import Identity, make_keys
from cortensor_tui.node.key_source import Ask
from cortensor_tui.node.unlock import UnlockedKeys, unlock_keys
from cortensor_tui.settings import KeyRole, Secret, Settings, SettingsError, load_settings

KEY, OTHER = Secret("0x" + "4c" * 32), Secret("0x" + "5d" * 32)
PASSWORD = "correct horse"

Write = Callable[..., Settings]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    write_keystore(tmp_path / "key.json", KEY, PASSWORD, scrypt_n=1024)

    def settings(**values: str) -> Settings:
        given = {"HOST": "http://h", "CHAINID": "1", "CORTENSOR_TUI_NODE_KEYSTORE": "key.json", **values}
        path = tmp_path / ".env"
        path.write_text("".join(f"{key}={value}\n" for key, value in given.items()))
        path.chmod(0o600)
        return load_settings(path, {})

    return settings


def secret_file(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def never(role: KeyRole, path: Path) -> str:
    raise AssertionError("nobody was to be asked")


def problem_of(settings: Settings, environ: dict[str, str], ask: Ask | None) -> Problem:
    with pytest.raises(ProblemError) as caught:
        unlock_keys(settings, environ, ask)
    assert PASSWORD not in str(caught.value)
    return caught.value.problem


def test_a_credential_goes_before_a_file_and_a_file_before_a_question(write: Write, tmp_path: Path) -> None:
    wrong = secret_file(tmp_path / "wrong", "no password\n")
    secret_file(tmp_path / "credentials" / "cortensor-node-password", PASSWORD + "\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}

    by_credential = unlock_keys(write(CORTENSOR_TUI_NODE_PASSWORD_FILE=str(wrong)), environ, never)
    secret_file(wrong, PASSWORD)
    by_file = unlock_keys(write(CORTENSOR_TUI_NODE_PASSWORD_FILE=str(wrong)), {}, never)
    by_question = unlock_keys(write(), {}, lambda role, path: PASSWORD)

    assert [keys.node for keys in (by_credential, by_file, by_question)] == [KEY] * 3
    assert by_file.owner is None


def test_a_wrong_password_is_asked_for_again_thrice(write: Write) -> None:
    answers = iter(["no", "nor this", PASSWORD])
    assert unlock_keys(write(), {}, lambda role, path: next(answers)).node == KEY

    asked: list[str] = []

    def wrong(role: KeyRole, path: Path) -> str:
        asked.append(role.name)
        return "wrong"

    assert problem_of(write(), {}, wrong).code == "wrong_password"
    assert asked == ["node"] * 3


def test_whoever_is_asked_again_is_told_why_and_only_the_right_one_is_handed_on(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, questions = iter(["wrong", PASSWORD]), list[str]()

    def typed(question: str, stream: object) -> str:
        questions.append(question)
        return next(answers)

    monkeypatch.setattr("getpass.getpass", typed)

    assert ask_for_detached(write(), {}) == {"node": Secret(PASSWORD)}
    assert [question.startswith("That password is wrong.") for question in questions] == [False, True]


def test_without_a_terminal_it_is_said_what_to_set(write: Write) -> None:
    problem = problem_of(write(), {}, None)

    assert problem.code == "password_needed"
    assert "CORTENSOR_TUI_NODE_PASSWORD_FILE" in problem.remedy
    assert "cortensor-node-password" in problem.remedy


@pytest.mark.parametrize(("mode", "code"), [(0o640, "private_file_unsafe"), (0o600, "wrong_password")])
def test_a_bad_password_file_is_not_passed_over(write: Write, tmp_path: Path, mode: int, code: str) -> None:
    path = secret_file(tmp_path / "password", "wrong")
    path.chmod(mode)

    assert problem_of(write(CORTENSOR_TUI_NODE_PASSWORD_FILE=str(path)), {}, never).code == code


def test_an_empty_or_binary_password_file_is_a_sentence(write: Write, tmp_path: Path) -> None:
    path = secret_file(tmp_path / "password", "\n")
    settings = write(CORTENSOR_TUI_NODE_PASSWORD_FILE=str(path))

    assert problem_of(settings, {}, never).code == "bad_password"
    path.write_bytes(b"\xff\xfe")
    assert problem_of(settings, {}, never).code == "bad_password"


def test_the_owner_s_key_has_its_own_keystore(write: Write, tmp_path: Path) -> None:
    write_keystore(tmp_path / "owner.json", OTHER, "another password", scrypt_n=1024)
    settings = write(CORTENSOR_TUI_OWNER_KEYSTORE="owner.json")

    keys = unlock_keys(
        settings, {}, lambda role, path: PASSWORD if role.name == "node" else "another password"
    )

    assert (keys.node, keys.owner) == (KEY, OTHER)


def test_an_owner_known_by_address_signs_nothing_and_says_what_to_do(write: Write) -> None:
    owner = "0x" + "12" * 20
    keys = make_keys(write(CORTENSOR_TUI_OWNER_ADDRESS=owner), UnlockedKeys(node=KEY, owner=None), 1)

    assert isinstance(keys.owner, WatchedAddress)
    assert keys.owner.address.lower() == owner
    with pytest.raises(ProblemError) as caught:
        keys.owner.sign({})
    assert caught.value.problem.code == "no_owner_key"
    assert "--unsigned" in caught.value.problem.remedy


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NODE_PUBLIC_KEY", "CORTENSOR_TUI_NODE_KEYSTORE in line 3"),
        ("CORTENSOR_TUI_OWNER_ADDRESS", "CORTENSOR_TUI_OWNER_PRIVATE_KEY in line 4"),
    ],
)
def test_an_address_of_another_key_stops_the_start_with_both_lines(write: Write, name: str, key: str) -> None:
    settings = write(CORTENSOR_TUI_OWNER_PRIVATE_KEY=OTHER.reveal(), **{name: "0x" + "12" * 20})

    with pytest.raises(SettingsError) as caught:
        Identity(settings, UnlockedKeys(node=KEY, owner=OTHER))

    [problem] = caught.value.problems
    assert (problem.key, problem.line, problem.found) == (name, 5, "0x" + "12" * 20)
    assert problem.what == f"is not the address of {key}"
    assert problem.accepted is not None
    assert address_of(KEY if "NODE" in key else OTHER) in problem.accepted
    assert KEY.reveal() not in str(caught.value)
