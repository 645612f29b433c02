"""Bad files and bad values: each problem says where, what was found, and what is accepted, all at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cortensor_tui.settings import SettingProblem, SettingsError, load_settings
from tests.settings.conftest import PRIVATE_KEY, WriteEnv


def problems_of(path: Path, environ: dict[str, str] | None = None) -> tuple[SettingProblem, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ or {})
    return caught.value.problems


def only_problem(path: Path) -> SettingProblem:
    (problem,) = problems_of(path)
    return problem


@pytest.mark.parametrize(
    ("line", "what", "accepted"),
    [
        ("CHAINID=abc", "not a whole number", "a whole number from 1"),
        ("CHAINID=1_000", "not a whole number", "a whole number from 1"),
        ("CHAINID=٣", "not a whole number", "a whole number from 1"),
        ("CHAINID=0", "out of range", "a whole number from 1"),
        ("CHAINID=" + "9" * 5000, "not a whole number", "a whole number"),
        ("HOST=rpc.example.org", "not an http or https address", "http:// or https://"),
        ("HOST=https://", "not an http or https address", "http:// or https://"),
        ("HOST=https://h:99999", "a port that there is not", "http:// or https://"),
        ("HOST=wss://rpc.example.org", "WebSocket", "http:// or https://"),
        ("HOST=ftp://rpc.example.org", "not an http or https address", "http:// or https://"),
        ("NODE_PUBLIC_KEY=0x1234", "not an address", "40 hex digits"),
        ("NODE_PRIVATE_KEY=0x1234", "not a private key", "64 hex digits"),
        ("NODE_PRIVATE_KEY=" + "f" * 64, "beyond the curve's order", "64 hex digits"),
        ("CORTENSOR_TUI_OWNER_PRIVATE_KEY=0x" + "0" * 64, "zero key", "64 hex digits"),
        ("CORTENSOR_TUI_OWNERS=0x" + "0" * 40, "zero address", "addresses"),
        ("CORTENSOR_TUI_OWNERS=bob", "not an address", "addresses"),
        ("ENABLE_DEDICATED_NODE=yes", "neither 0 nor 1", "0 or 1"),
        ("DEDICATED_NODE_AUTHORIZED_SESSIONS=1,two", "not a list of session ids", "session ids"),
        ("DEDICATED_NODE_AUTHORIZED_SESSIONS=1,,2", "empty place", "session ids"),
        ("DEDICATED_NODE_AUTHORIZED_SESSIONS=-1", "not a list of session ids", "session ids"),
        ("DEDICATED_NODE_AUTHORIZED_SESSIONS=" + "1," * 1000 + "1", "more than 1000", "session ids"),
        ("MINER_PULLING_INTERVAL_SECONDS=nan", "not a number", "seconds from 0.1"),
        ("MINER_PULLING_INTERVAL_SECONDS=1e3", "not a number", "seconds from 0.1"),
        ("MINER_PULLING_INTERVAL_SECONDS=0", "out of range", "seconds from 0.1"),
        ("LLM_PORT=65536", "out of range", "from 1 to 65535"),
        ("LLM_HOST=a b", "not a host name", "a host name"),
        ("LLM_OPTION_CPU_THREADS=0", "out of range", "-1"),
        ("LLM_OPTION_GPU_THRESHOLD=-2", "out of range", "-1"),
        ("LOG_FILE_NAME=/var/log/x.log", "not a plain file name", "without a folder"),
        ("CORTENSOR_TUI_RAW_PROMPT=shout", "none of the words", "chat or verbatim"),
        ("CORTENSOR_TUI_LOW_BALANCE_ETH=-1", "not a number", "amount of ether"),
        ("CORTENSOR_TUI_MODEL_PATH=~nobody-of-that-name/x", "home folder of a user", "a path"),
        ('CORTENSOR_TUI_THEME="a\\tb"', "control characters", "text on one line"),
        ("LLM_PORT", "has no =", "from 1 to 65535"),
    ],
)
def test_a_bad_value_says_line_finding_and_what_is_accepted(
    write_env: WriteEnv, line: str, what: str, accepted: str
) -> None:
    problem = only_problem(write_env(line))

    assert problem.key == line.partition("=")[0]
    assert problem.line == 4
    assert what in problem.what
    assert accepted in str(problem.accepted)
    assert f"node.env:4: {problem.key}" in problem.sentence()


def test_the_zero_key_of_the_example_is_called_not_set_yet(write_env: WriteEnv) -> None:
    problem = only_problem(write_env("NODE_PRIVATE_KEY=0x" + "0" * 64))

    assert "not set yet" in problem.what
    assert problem.found == "zeros"
    assert "private key of the node's own wallet" in str(problem.remedy)


def test_all_problems_come_at_once_in_the_order_of_the_file(write_env: WriteEnv) -> None:
    path = write_env(
        "LLM_PORT=x", "CHAINID=y", 'HOST="http://unclosed', "CORTENSOR_TUI_SEED=1.5", least=False
    )

    problems = problems_of(path, {"CORTENSOR_TUI_RAW_PROMPT": "z"})

    assert [(problem.line, problem.key) for problem in problems] == [
        (1, "LLM_PORT"),
        (2, "CHAINID"),
        (3, "HOST"),
        (4, "CORTENSOR_TUI_SEED"),
        (None, "HOST"),
        (None, "CORTENSOR_TUI_RAW_PROMPT"),
        (None, "NODE_PRIVATE_KEY"),
    ]
    assert problems[-2].path == "the environment"
    assert "does not close it" in problems[2].what


def test_the_error_is_one_problem_that_tells_all(write_env: WriteEnv) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write_env("LLM_PORT=x", "CHAINID=y"), {})

    assert caught.value.problem.code == "settings"
    assert "2 settings" in caught.value.problem.what
    assert "LLM_PORT" in caught.value.problem.why
    assert "CHAINID" in caught.value.problem.why


@pytest.mark.parametrize("key", ["HOST", "CHAINID", "NODE_PRIVATE_KEY"])
def test_what_must_be_set_is_missed_and_told_from_empty(write_env: WriteEnv, key: str) -> None:
    least = {"HOST": "http://h", "CHAINID": "1", "NODE_PRIVATE_KEY": PRIVATE_KEY}
    others = [f"{name}={value}" for name, value in least.items() if name != key]

    missing = only_problem(write_env(*others, least=False))
    empty = only_problem(write_env(f"{key}=", *others, least=False))

    assert (missing.key, missing.what, missing.line) == (key, "is not set", None)
    assert (empty.key, empty.what, empty.line) == (key, "is empty", 1)


@pytest.mark.parametrize(
    "line",
    [
        "NODE_PRIVATE_KEY=" + "ab" * 31,
        "NODE_PUBLIC_KEY=" + "ab" * 32,
        "CORTENSOR_TUI_OWNERS=0x" + "ab" * 32,
        "LLM_PORT=" + "ab" * 32,
        "HOST=wss://rpc.example/v2/" + "ab" * 16,
        "UNKNOWN_KEY=" + "ab" * 32 + "\nCHAINID=x",
        "ab" * 32 + "\nCHAINID=x",
        "ab" * 32 + "=1\nCHAINID=x",
        "NODE_PRIVATE_KEY='" + "ab" * 32,
    ],
)
def test_a_secret_in_any_place_is_never_told(write_env: WriteEnv, line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(write_env(line), {})

    notes = "".join(note.text + str(note.key) for note in caught.value.notes)
    assert "abab" not in str(caught.value) + notes


def test_control_characters_in_a_value_are_shown_and_not_obeyed(write_env: WriteEnv) -> None:
    problem = only_problem(write_env("CHAINID=\x1b[2J\x07evil"))

    assert "evil" in str(problem.found)
    assert problem.sentence().isprintable()


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    problem = only_problem(tmp_path / "none.env")

    assert "no such file" in problem.what
    assert ".env.example" in str(problem.remedy)


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    assert "it is a folder" in only_problem(tmp_path).what


def test_a_pipe_does_not_hold_the_program_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert "no plain file" in only_problem(tmp_path / "pipe").what


def test_a_socket_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")

        assert "cannot be read" in only_problem(tmp_path / "s").what


def test_an_unreadable_file_says_so(write_env: WriteEnv) -> None:
    path = write_env()
    path.chmod(0)
    user = os.geteuid()
    os.seteuid(user or 65534)  # root may read everything, so for a moment it is nobody
    try:
        problem = only_problem(path)
    finally:
        os.seteuid(user)

    assert "may not read it" in problem.what


def test_a_file_that_is_too_big_is_refused(write_env: WriteEnv) -> None:
    assert "bigger than 1 MiB" in only_problem(write_env("# " + "x" * 1024 * 1024)).what


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"HOST=http://h\nLLM_HOST=\xff\xfe\n")

    problem = only_problem(path)

    assert "UTF-8" in problem.what
    assert problem.line == 2


@pytest.mark.parametrize("role", ["NODE", "OWNER"])
def test_a_key_in_two_places_is_refused_and_the_way_out_is_named(write_env: WriteEnv, role: str) -> None:
    plain = "NODE_PRIVATE_KEY" if role == "NODE" else "CORTENSOR_TUI_OWNER_PRIVATE_KEY"
    path = write_env(f"CORTENSOR_TUI_{role}_KEYSTORE=key.json", f"{plain}={'77' * 32}")

    problem = only_problem(path)

    assert problem.key == plain
    assert f"CORTENSOR_TUI_{role}_KEYSTORE" in problem.what
    assert f"Leave {plain} empty" in str(problem.remedy)


def test_the_example_s_zero_key_is_no_key_beside_a_keystore(write_env: WriteEnv) -> None:
    lines = ("NODE_PRIVATE_KEY=0x" + "0" * 64, "CORTENSOR_TUI_NODE_KEYSTORE=key.json")

    assert load_settings(write_env(*lines), {}).node_private_key is None
