"""What a keystore file looks like: checked without its password, and without what decrypts it.

The format is the Web3 Secret Storage Definition, version 3, that geth, ethers and other wallets write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.settings.private_file import read_private_file

MOST_KEYSTORE_BYTES: Final = 16 * 1024
# Who writes the file chooses what opening it costs. geth's own files take 256 MiB and about half a second.
MOST_SCRYPT_MEMORY_BYTES: Final = 512 * 1024 * 1024
MOST_SCRYPT_PARALLEL: Final = 16
MOST_PBKDF2_ROUNDS: Final = 10_000_000
_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{40}")


class _Scrypt(msgspec.Struct, frozen=True):
    n: int
    r: int
    p: int
    dklen: int
    salt: str


class _Pbkdf2(msgspec.Struct, frozen=True):
    c: int
    dklen: int
    prf: str
    salt: str


def read_keystore_document(path: Path) -> dict[str, Any]:
    """Return a keystore file's JSON, its names in lower case, as one that a password may be tried on.

    Raises `ProblemError` "bad_keystore" for what is none, or what would take too much memory or time, and
    the codes of `read_private_file`.
    """
    raw = read_private_file(path, "The keystore", MOST_KEYSTORE_BYTES)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise bad_keystore(path, "it is no JSON") from error
    if not isinstance(found, dict):
        raise bad_keystore(path, "it is JSON, but no object")
    document: dict[str, Any] = _lower_keys(found)
    if document.get("version") != 3:
        raise bad_keystore(path, "it is not of version 3")
    crypto = document.get("crypto")
    if not isinstance(crypto, dict):
        raise bad_keystore(path, "it has no part named crypto")
    _check_cipher(path, crypto)
    _check_cost(path, crypto)
    address = document.get("address")
    if address not in (None, "") and not _ADDRESS.fullmatch(str(address)):
        raise bad_keystore(path, "the address in it is none")
    return document


def bad_keystore(path: Path, why: str) -> ProblemError:
    """Return the problem of a keystore that cannot be used."""
    return problem_error(
        "bad_keystore",
        f"The keystore {path} cannot be used",
        why,
        "Name a keystore of version 3; cortensor-tui keys import and keys new make one",
    )


def _lower_keys(value: Any) -> Any:
    """Some wallets write "Crypto"."""
    return (
        {key.lower(): _lower_keys(part) for key, part in value.items()} if isinstance(value, dict) else value
    )


def _check_cipher(path: Path, crypto: dict[str, Any]) -> None:
    if crypto.get("cipher") != "aes-128-ctr":
        raise bad_keystore(path, "its cipher is not aes-128-ctr")
    texts = [crypto.get("ciphertext"), crypto.get("mac"), (crypto.get("cipherparams") or {}).get("iv")]
    if not all(isinstance(text, str) for text in texts):
        raise bad_keystore(path, "a part of its crypto is missing")


def _check_cost(path: Path, crypto: dict[str, Any]) -> None:
    kdf, params = crypto.get("kdf"), crypto.get("kdfparams")
    try:
        if kdf == "scrypt":
            scrypt = msgspec.convert(params, _Scrypt)
            is_power = scrypt.n > 1 and scrypt.n & (scrypt.n - 1) == 0
            memory_bytes = 128 * scrypt.n * scrypt.r
            is_fit = is_power and scrypt.r > 0 and 0 < scrypt.p <= MOST_SCRYPT_PARALLEL and scrypt.dklen == 32
            if memory_bytes > MOST_SCRYPT_MEMORY_BYTES or not is_fit:
                raise bad_keystore(
                    path, f"its scrypt settings (n {scrypt.n}, r {scrypt.r}, p {scrypt.p}) are refused"
                )
        elif kdf == "pbkdf2":
            pbkdf2 = msgspec.convert(params, _Pbkdf2)
            if not 0 < pbkdf2.c <= MOST_PBKDF2_ROUNDS or pbkdf2.dklen != 32 or pbkdf2.prf != "hmac-sha256":
                raise bad_keystore(path, f"its pbkdf2 settings ({pbkdf2.c} rounds) are refused")
        else:
            raise bad_keystore(path, "it was made with neither scrypt nor pbkdf2")
    except msgspec.ValidationError as error:
        raise bad_keystore(path, f"its {kdf} settings cannot be read") from error
