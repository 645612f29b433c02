"""`keys`: from a plain key to a keystore and back to a node that can use it, and no secret on the way."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cortensor_tui.chain.signing.keystore import decrypt, read_keystore
from cortensor_tui.settings import Secret, load_settings
from tests.cli.conftest import PRIVATE_KEY, PROGRAM, SETTINGS, Ended, Home

PASSWORD = "hush-hush-password"


@pytest.fixture(autouse=True)
def _own_settings(home: Home) -> None:
    home.settings.write_text("# mine\n" + SETTINGS + "LLM_PORT=99 # as before\n")


@pytest.fixture
def password_file(home: Home) -> Path:
    path = home.folder / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


def keystores(home: Home) -> list[Path]:
    return sorted((home.settings.parent / "keystore").glob("*"))


def require_silence(ended: Ended) -> None:
    told = (ended.out + ended.err).lower()
    assert PRIVATE_KEY[2:] not in told
    assert PASSWORD not in told


async def test_a_plain_key_becomes_a_keystore_and_leaves_the_settings(
    home: Home, password_file: Path
) -> None:
    ended = await home.run("keys", "import", "--password-file", str(password_file), "--blank")

    assert (ended.code, ended.err) == (0, "")
    require_silence(ended)
    (path,) = keystores(home)
    found = read_keystore(path)
    assert decrypt(found, PASSWORD) == Secret(PRIVATE_KEY)
    assert found.address is not None
    assert found.address in ended.out
    assert "backups that you made before still hold the key" in ended.out
    text = home.settings.read_text()
    assert text.startswith("# mine\nHOST=http://127.0.0.1:8545/v2/secret-token\nCHAINID=31337\n")
    assert "NODE_PRIVATE_KEY=\nLLM_PORT=99 # as before\n" in text
    assert PRIVATE_KEY[2:] not in text
    assert home.settings.stat().st_mode & 0o777 == 0o600
    settings = load_settings(home.settings, {})
    assert settings.node_keystore == path
    assert settings.node_password_file == password_file
    assert settings.notes == ()
    holders = [
        found
        for found in home.folder.rglob("*")
        if found.is_file() and PRIVATE_KEY[2:] in found.read_text(errors="replace").lower()
    ]
    assert holders == [], "no backup with the key in it"


async def test_keep_leaves_the_settings_alone_and_json_is_one_document(
    home: Home, password_file: Path
) -> None:
    before = home.settings.read_bytes()

    ended = await home.run("keys", "import", "--password-file", str(password_file), "--keep", "--json")

    require_silence(ended)
    (path,) = keystores(home)
    address = read_keystore(path).address
    assert ended.document == {
        "role": "node",
        "address": address,
        "keystore": str(path),
        "is_blanked": False,
        "left_on_lines": [],
    }
    assert home.settings.read_bytes() == before


async def test_a_key_that_stands_in_a_comment_too_is_pointed_at(home: Home, password_file: Path) -> None:
    home.settings.write_text(home.settings.read_text() + f"# NODE_PRIVATE_KEY={PRIVATE_KEY.upper()}\n")

    ended = await home.run("keys", "import", "--password-file", str(password_file), "--blank")

    assert ended.code == 0
    assert "the same key still stands on line 6" in ended.err
    require_silence(ended)


async def test_a_second_import_overwrites_nothing(home: Home, password_file: Path) -> None:
    arguments = ("keys", "import", "--password-file", str(password_file), "--keep")
    assert (await home.run(*arguments)).code == 0
    before = keystores(home)[0].read_bytes()

    ended = await home.run(*arguments)

    assert ended.code == 1
    assert "is there already" in ended.err
    assert keystores(home)[0].read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("keys", "import", "--role", "owner"), "There is no CORTENSOR_TUI_OWNER_PRIVATE_KEY"),
        (("keys", "import", "--role", "king"), "'king' is no role"),
        (("keys", "import", "--env", "/no/such"), "there is no such file"),
        (("keys", "import"), "nobody can be asked here"),
        (("keys", "new"), "Give --password-file FILE"),
    ],
)
async def test_what_cannot_be_imported_is_a_sentence(
    home: Home, arguments: tuple[str, ...], says: str
) -> None:
    ended = await home.run(*arguments)

    assert ended.code != 0
    assert says in ended.err
    assert keystores(home) == []


async def test_a_password_file_that_others_can_read_and_a_short_password_are_refused(
    home: Home, password_file: Path
) -> None:
    password_file.chmod(0o644)
    open_to_all = await home.run("keys", "new", "--password-file", str(password_file))
    password_file.chmod(0o600)
    password_file.write_text("short")
    short = await home.run("keys", "new", "--password-file", str(password_file))

    assert f"Run: chmod 600 {password_file}" in open_to_all.err
    assert "too short" in short.err
    assert keystores(home) == []


async def test_a_new_key_is_listed_with_how_it_would_be_unlocked(home: Home, password_file: Path) -> None:
    made = await home.run("keys", "new", "--role", "owner", "--password-file", str(password_file), "--json")
    keystore = made.document["keystore"]
    with home.settings.open("a") as settings:
        settings.write(f"CORTENSOR_TUI_OWNER_KEYSTORE={keystore}\n")

    text = await home.run("keys", "list")
    prompt = (await home.run("keys", "list", "--json")).document["keys"]
    by_file = (
        await home.run("keys", "list", "--json", CORTENSOR_TUI_OWNER_PASSWORD_FILE=str(password_file))
    ).document["keys"]
    Path(keystore).chmod(0o640)
    unsafe = (await home.run("keys", "list", "--json")).document["keys"]

    assert [entry["role"] for entry in prompt] == ["node", "owner"]
    assert prompt[0]["unlock"] == "plain text in the settings"
    assert (prompt[1]["unlock"], by_file[1]["unlock"]) == ("prompt", "password file")
    assert prompt[1]["address"] == made.document["address"]
    assert made.document["address"] in text.out
    assert unsafe[1]["address"] is None
    assert unsafe[1]["problem"]["remedy"] == f"Run: chmod 600 {keystore}"
    require_silence(text)


def test_a_person_is_asked_twice_and_then_whether_to_blank(home: Home) -> None:
    """On a real terminal: what is typed for a password is not echoed."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "keys", "import"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=home.environ,
        start_new_session=True,
    )
    os.close(follower)
    said = ""
    for question, answer in (("New password", PASSWORD), ("same again", PASSWORD), ("Empty NODE_PRIV", "y")):
        while question not in said:
            said += os.read(leader, 4096).decode()
        os.write(leader, f"{answer}\n".encode())
    code = process.wait(60)
    os.close(leader)

    assert code == 0, said
    assert PASSWORD not in said
    assert PRIVATE_KEY[2:] not in home.settings.read_text()
    assert decrypt(read_keystore(keystores(home)[0]), PASSWORD) == Secret(PRIVATE_KEY)


def test_the_command_line_loads_no_key_library(home: Home) -> None:
    program = "import sys, cortensor_tui.cli.main; print('eth_account' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=home.environ
    )

    assert json.loads(done.stdout.lower()) is False
