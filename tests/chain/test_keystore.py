"""Keystores: ours and other wallets', and those that nobody should open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from cortensor_tui.chain.signing.keystore import address_of, decrypt, read_keystore, write_keystore
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.settings import Secret

KEY = Secret("0x" + "4c" * 32)
PASSWORD = "correct horse ünïcode"
QUICK_N = 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "key.json"
    write_keystore(path, KEY, PASSWORD, scrypt_n=QUICK_N)
    return path


def write(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    path.chmod(0o600)
    return path


def changed(path: Path, **changes: Any) -> Path:
    """Rewrite a keystore with `crypto.kdfparams.n=5` as `crypto__kdfparams__n=5`; None takes it out."""
    document = json.loads(path.read_text())
    for name, value in changes.items():
        *folders, last = name.split("__")
        place = document
        for folder in folders:
            place = place[folder]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return write(path, document)


def problem_of(path: Path, password: str = PASSWORD) -> Problem:
    with pytest.raises(ProblemError) as caught:
        decrypt(read_keystore(path), password)
    told = repr(caught.value) + caught.value.problem.sentence()
    assert "4c4c" not in told
    assert password not in told
    return caught.value.problem


def test_a_key_comes_back_and_its_file_is_private_and_of_the_format_s_usual_strength(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.json"

    address = write_keystore(path, KEY, PASSWORD)

    found = read_keystore(path)
    assert decrypt(found, PASSWORD) == KEY
    assert found.address == address == address_of(KEY)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert json.loads(path.read_text())["crypto"]["kdfparams"]["n"] == 262_144
    assert "4c4c" not in path.read_text().lower()


def test_the_definition_s_own_example_opens(tmp_path: Path) -> None:
    """The test vector of the Web3 Secret Storage Definition, pbkdf2, without an address."""
    vector = {
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
            "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
            "kdf": "pbkdf2",
            "kdfparams": {
                "c": 262144,
                "dklen": 32,
                "prf": "hmac-sha256",
                "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
            },
            "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
        },
        "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
        "version": 3,
    }

    found = read_keystore(write(tmp_path / "vector.json", vector))

    assert found.address is None
    assert (
        decrypt(found, "testpassword").reveal()
        == "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
    )


def test_a_wrong_password_is_a_sentence(path: Path) -> None:
    assert problem_of(path, "wrong password").code == "wrong_password"


def test_it_never_overwrites(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(ProblemError) as caught:
        write_keystore(path, Secret("0x" + "5d" * 32), PASSWORD, scrypt_n=QUICK_N)

    assert caught.value.problem.code == "file_exists"
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '"x"', "[" * 10_000, "{}", '{"version": 3}'])
def test_what_is_no_keystore_is_refused(tmp_path: Path, text: str) -> None:
    assert problem_of(write(tmp_path / "x.json", text)).code == "bad_keystore"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"version": 4}, "not of version 3"),
        ({"version": "3"}, "not of version 3"),
        ({"crypto": None}, "no part named crypto"),
        ({"crypto": []}, "no part named crypto"),
        ({"crypto__kdf": "argon2"}, "neither scrypt nor pbkdf2"),
        ({"crypto__kdf": "pbkdf2"}, "cannot be read"),
        ({"crypto__kdfparams": None}, "cannot be read"),
        ({"crypto__kdfparams__n": 2**40}, "are refused"),
        ({"crypto__kdfparams__n": 2**22}, "are refused"),
        ({"crypto__kdfparams__n": 3}, "are refused"),
        ({"crypto__kdfparams__n": -1}, "are refused"),
        ({"crypto__kdfparams__r": 2**40}, "are refused"),
        ({"crypto__kdfparams__p": 2**20}, "are refused"),
        ({"crypto__kdfparams__dklen": 2**30}, "are refused"),
        ({"crypto__kdfparams__n": "many"}, "cannot be read"),
        ({"crypto__kdfparams__salt": "zz"}, "cannot be decrypted"),
        ({"crypto__cipher": "rot13"}, "aes-128-ctr"),
        ({"crypto__cipherparams": None}, "is missing"),
        ({"crypto__mac": 5}, "is missing"),
        ({"crypto__ciphertext": None}, "is missing"),
        ({"address": "0x12"}, "address in it is none"),
        ({"address": "00" * 20}, "its key is that of"),
    ],
)
def test_a_keystore_that_makes_no_sense_is_refused(path: Path, changes: dict[str, Any], why: str) -> None:
    problem = problem_of(changed(path, **changes))

    assert problem.code == "bad_keystore"
    assert why in problem.why
    assert problem.remedy


def test_pbkdf2_that_would_take_for_ever_is_refused(tmp_path: Path) -> None:
    document = Account.encrypt(b"\x4c" * 32, PASSWORD, kdf="pbkdf2", iterations=10)
    path = write(tmp_path / "slow.json", document)
    assert decrypt(read_keystore(path), PASSWORD) == KEY

    assert "are refused" in problem_of(changed(path, crypto__kdfparams__c=10**9)).why


def test_capital_letters_of_other_wallets_are_read(path: Path) -> None:
    document = json.loads(path.read_text())
    document["Crypto"] = document.pop("crypto")

    assert decrypt(read_keystore(write(path, document)), PASSWORD) == KEY


def test_a_group_readable_file_is_refused_before_anything_is_asked(path: Path) -> None:
    path.chmod(0o640)

    problem = problem_of(path)

    assert problem.code == "private_file_unsafe"
    assert problem.remedy == f"Run: chmod 600 {path}"
