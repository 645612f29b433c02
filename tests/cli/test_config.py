"""`config` on a file that can be used: checked, shown, listed and changed."""

from __future__ import annotations

import json

import pytest

from cortensor_tui.node.settings_messages import ChangeSetting
from tests.cli.conftest import Home
from tests.cli.scripted_node import ScriptedNode


async def test_a_good_file_is_called_usable_with_its_notes(home: Home) -> None:
    home.settings.write_text(home.settings.read_text() + "LLM_PROT=1\n")

    text = await home.run("config", "check")
    as_json = await home.run("config", "check", "--json")

    assert (text.code, as_json.code) == (0, 0)
    assert "is usable: 3 settings set" in text.out
    assert "LLM_PORT was meant" in text.err
    assert as_json.document["is_usable"] is True
    assert as_json.document["problems"] == []
    assert [(note["key"], note["line"]) for note in as_json.document["notes"]] == [
        ("NODE_PRIVATE_KEY", 3),
        ("LLM_PROT", 4),
    ]


async def test_every_value_is_shown_with_its_source_and_no_secret(home: Home) -> None:
    text = await home.run("config", "show", CORTENSOR_TUI_SEED="5")
    as_json = await home.run("config", "show", "--json", CORTENSOR_TUI_SEED="5")

    shown = {entry["key"]: entry for entry in as_json.document["settings"]}
    assert shown["CHAINID"] == {
        "key": "CHAINID",
        "value": "31337",
        "source": "file",
        "file": str(home.settings),
        "line": 2,
    }
    assert (shown["CORTENSOR_TUI_SEED"]["value"], shown["CORTENSOR_TUI_SEED"]["source"]) == (
        "5",
        "environment",
    )
    assert (shown["LLM_PORT"]["value"], shown["LLM_PORT"]["source"]) == ("8090", "default")
    assert shown["NODE_PRIVATE_KEY"]["value"] == "(hidden)"
    for ended in (text, as_json):
        assert ended.code == 0
        assert "4c4c" not in ended.out
        assert "secret-token" not in ended.out


KEYSTORE = {
    "version": 3,
    "address": "ab" * 20,
    "crypto": {
        "cipher": "aes-128-ctr",
        "ciphertext": "00",
        "mac": "00",
        "cipherparams": {"iv": "00"},
        "kdf": "scrypt",
        "kdfparams": {"n": 1024, "r": 8, "p": 1, "dklen": 32, "salt": "00"},
    },
}
KEY_ADDRESS = "0xdB00079cad3e665853Bf766eFe26F4C38cdbdCDA"  # of the home's private key
KEYSTORE_KEY, PASSWORD_KEY = "CORTENSOR_TUI_NODE_KEYSTORE", "CORTENSOR_TUI_NODE_PASSWORD_FILE"


def with_keystore(home: Home, keystore: str | None, password: str | None, mode: int = 0o600) -> None:
    """Write settings that name a keystore and a password file; None leaves the file out."""
    for name, content in {"key.json": keystore, "password": password}.items():
        if content is not None:
            path = home.settings.parent / name
            path.write_text(content)
            path.chmod(mode)
    lines = home.settings.read_text().splitlines()[:2]
    lines += [f"{KEYSTORE_KEY}=key.json", f"{PASSWORD_KEY}=password"]
    home.settings.write_text("\n".join(lines) + "\n")


async def test_a_file_that_names_good_key_files_is_usable(home: Home) -> None:
    with_keystore(home, json.dumps(KEYSTORE), "a long password\n")
    ended = await home.run("config", "check")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    ("keystore", "password", "mode", "told"),
    [
        (json.dumps(KEYSTORE), "a long password", 0o640, {KEYSTORE_KEY: "0640", PASSWORD_KEY: "0640"}),
        (None, None, 0o600, {KEYSTORE_KEY: "not there", PASSWORD_KEY: "not there"}),
        ('{"version": 1}', "a long password", 0o600, {KEYSTORE_KEY: "version 3"}),
        ("[4]", "", 0o600, {KEYSTORE_KEY: "no object", PASSWORD_KEY: "empty"}),
    ],
)
async def test_key_files_that_the_node_would_refuse_are_told(
    home: Home, keystore: str | None, password: str | None, mode: int, told: dict[str, str]
) -> None:
    with_keystore(home, keystore, password, mode)
    text = await home.run("config", "check")
    as_json = await home.run("config", "check", "--json")
    assert (text.code, as_json.code) == (2, 2)
    assert as_json.document["is_usable"] is False
    problems = {problem["key"]: problem for problem in as_json.document["problems"]}
    assert list(problems) == list(told)
    for key, words in told.items():
        assert words in problems[key]["what"]
        assert f"{key} names a file that the node cannot use" in " ".join(text.err.split())
    assert [problem["line"] for problem in problems.values()] == [3, 4][: len(told)]
    assert "a long password" not in text.out + text.err + as_json.out


async def test_a_keystore_that_is_a_link_is_told(home: Home) -> None:
    with_keystore(home, json.dumps(KEYSTORE), "a long password")
    (home.settings.parent / "key.json").rename(home.folder / "elsewhere.json")
    (home.settings.parent / "key.json").symlink_to(home.folder / "elsewhere.json")
    ended = await home.run("config", "check")
    assert ended.code == 2
    assert "symbolic link" in " ".join(ended.err.split())


async def test_a_setting_is_changed_in_the_file_where_no_node_runs(home: Home) -> None:
    before = home.settings.read_text()

    text = await home.run("config", "set", "llm_port", "9000")
    again = await home.run("config", "set", "LLM_PORT", "9000")
    listed = await home.run("config", "list", "--changed", "--json")
    back = await home.run("config", "unset", "LLM_PORT", "--json")

    assert (text.code, again.code, back.code) == (0, 0, 0)
    assert "+ LLM_PORT='9000'" in text.out
    assert "No node runs" in text.out
    assert "nothing was written" in again.out
    keys = {entry["key"]: entry for entry in listed.document["settings"]}
    assert set(keys) == {"HOST", "CHAINID", "NODE_PRIVATE_KEY", "LLM_PORT"}
    assert keys["LLM_PORT"]["takes_effect"] == "at the next start of the node"
    assert back.document["after"] == "LLM_PORT="
    assert home.settings.read_text() == before + "LLM_PORT=\n"


async def test_a_running_node_writes_and_takes_the_change(home: Home, node: ScriptedNode) -> None:
    text = await home.run("config", "set", "CORTENSOR_TUI_MAX_FEE_GWEI", "3")
    assert text.code == 0
    assert "works with it now" in text.out
    [body] = node.requests
    assert isinstance(body, ChangeSetting)
    assert (body.name, body.value) == ("CORTENSOR_TUI_MAX_FEE_GWEI", "3")
    assert "MAX_FEE" not in home.settings.read_text()  # the node would have


async def test_what_cannot_be_changed_is_refused_and_nothing_is_written(home: Home) -> None:
    before = home.settings.read_text()
    for arguments, words in (
        (("NODE_PRIVATE_KEY", "0x12"), "keys import"),
        (("LLM_PROT", "1"), "LLM_PORT was meant"),
        (("LLM_PORT", "many"), "is not a whole number"),
    ):
        ended = await home.run("config", "set", *arguments)
        assert ended.code == 1
        assert words in ended.err
    assert home.settings.read_text() == before


async def test_the_shells_variables_do_not_hinder_a_change(home: Home) -> None:
    home.environ |= {"CORTENSOR_TUI_SEED": "many", "CORTENSOR_TUI_NODE_KEYSTORE": "/no/such.json"}
    ended = await home.run("config", "set", "LLM_PORT", "9000")
    assert ended.code == 0, ended.err
    assert "environment" not in ended.err
    assert "LLM_PORT='9000'" in home.settings.read_text()


async def test_a_setting_that_the_shell_sets_too_is_written_and_said_to_be_overridden(home: Home) -> None:
    ended = await home.run("config", "set", "CORTENSOR_TUI_SEED", "7", CORTENSOR_TUI_SEED="5")
    as_json = await home.run("config", "set", "CORTENSOR_TUI_SEED", "8", "--json", CORTENSOR_TUI_SEED="5")
    assert (ended.code, as_json.code) == (0, 0)
    assert "CORTENSOR_TUI_SEED is set in this shell's environment too" in " ".join(ended.err.split())
    assert as_json.document["environment_wins"] is True
    assert "CORTENSOR_TUI_SEED='8'" in home.settings.read_text()


async def test_a_file_that_stands_on_the_shells_keystore_can_be_changed(home: Home) -> None:
    home.settings.write_text("HOST=http://h\nCHAINID=31337\n")
    ended = await home.run("config", "set", "LLM_PORT", "9000", CORTENSOR_TUI_NODE_KEYSTORE="/k.json")
    assert ended.code == 0, ended.err
    assert "LLM_PORT" in home.settings.read_text()


async def test_the_list_says_what_each_is_for(home: Home) -> None:
    ended = await home.run("config", "list")
    assert ended.code == 0
    assert "Transactions and deadlines\n" in ended.out
    assert "LLM_PORT = 8090  (default)" in ended.out
    assert "Port of a model server." in ended.out


OTHERS_ADDRESS = "0x" + "12" * 20


async def test_an_address_that_is_not_the_key_s_is_told_with_both_lines(home: Home) -> None:
    home.settings.write_text(home.settings.read_text() + f"NODE_PUBLIC_KEY={OTHERS_ADDRESS}\n")

    text = await home.run("config", "check")
    as_json = await home.run("config", "check", "--json")

    assert (text.code, as_json.code) == (2, 2)
    [problem] = as_json.document["problems"]
    assert (problem["key"], problem["line"], problem["found"]) == ("NODE_PUBLIC_KEY", 4, OTHERS_ADDRESS)
    assert "is not the address of NODE_PRIVATE_KEY in line 3" in " ".join(text.err.split())
    assert KEY_ADDRESS in problem["accepted"]
    assert "4c4c" not in text.out + text.err + as_json.out


@pytest.mark.parametrize("stated", [KEY_ADDRESS, KEY_ADDRESS.lower(), "0x" + "0" * 40])
async def test_the_key_s_own_address_passes_in_any_case_and_so_does_none(home: Home, stated: str) -> None:
    home.settings.write_text(home.settings.read_text() + f"NODE_PUBLIC_KEY={stated}\n")
    assert (await home.run("config", "check")).code == 0


async def test_an_address_that_is_not_the_keystore_s_is_told_without_a_password(home: Home) -> None:
    with_keystore(home, json.dumps(KEYSTORE), "a long password")
    home.settings.write_text(home.settings.read_text() + f"NODE_PUBLIC_KEY={OTHERS_ADDRESS}\n")

    ended = await home.run("config", "check", "--json")

    [problem] = ended.document["problems"]
    assert problem["what"] == f"is not the address of {KEYSTORE_KEY} in line 3"
    assert "0x" + "ab" * 20 in problem["accepted"].lower()


async def test_an_owner_whose_key_is_elsewhere_may_have_any_address(home: Home) -> None:
    line = f"CORTENSOR_TUI_OWNER_ADDRESS={OTHERS_ADDRESS}\n"
    home.settings.write_text(home.settings.read_text() + line)
    assert (await home.run("config", "check")).code == 0
