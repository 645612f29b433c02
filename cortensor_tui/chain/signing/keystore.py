"""Web3 keystore files, version 3: a private key encrypted with a password.

The format is the Web3 Secret Storage Definition that geth, ethers and other wallets write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec
from eth_account import Account

from cortensor_tui.chain.contracts.abi import checksum
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.settings.private_file import read_private_file, write_private_file
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.settings.secret import Secret

MOST_KEYSTORE_BYTES: Final = 16 * 1024
# Who writes the file chooses what opening it costs. geth's own files take 256 MiB and about half a second.
MOST_SCRYPT_MEMORY_BYTES: Final = 512 * 1024 * 1024
MOST_SCRYPT_PARALLEL: Final = 16
MOST_PBKDF2_ROUNDS: Final = 10_000_000
SCRYPT_N: Final = 262_144


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


class Keystore(msgspec.Struct, frozen=True, kw_only=True):
    """A keystore that was read and can be tried. `address` is what the file says, checksummed, or None."""

    path: Path
    document: dict[str, Any]
    address: str | None


def read_keystore(path: Path) -> Keystore:
    """Read a keystore file and check it before a password is asked for.

    Raises `ProblemError` "bad_keystore" for what is none, or what would take too much memory or time, and
    the codes of `read_private_file`.
    """
    raw = read_private_file(path, "The keystore", MOST_KEYSTORE_BYTES)
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _bad(path, "it is no JSON") from error
    if not isinstance(found, dict):
        raise _bad(path, "it is JSON, but no object")
    document = _lower_keys(found)
    if document.get("version") != 3:
        raise _bad(path, "it is not of version 3")
    crypto = document.get("crypto")
    if not isinstance(crypto, dict):
        raise _bad(path, "it has no part named crypto")
    _check_cipher(path, crypto)
    _check_cost(path, crypto)
    return Keystore(path=path, document=document, address=_address(path, document))


def decrypt(keystore: Keystore, password: str) -> Secret:
    """Return the key. Takes half a second and 256 MiB: never on an event loop.

    Raises `ProblemError` "wrong_password", or "bad_keystore" when its key is not that of its address.
    """
    try:
        key = bytes(Account.decrypt(keystore.document, password))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise _wrong_password(keystore.path) from error
        raise _bad(keystore.path, "it cannot be decrypted") from error
    except Exception as error:  # the library checks little of what it reads
        raise _bad(keystore.path, "it cannot be decrypted") from error
    try:
        address = str(Account.from_key(key).address)
    except Exception as error:
        raise _bad(keystore.path, "what it holds is no private key") from error
    if keystore.address not in (None, address):
        raise _bad(keystore.path, f"it says {keystore.address}, and its key is that of {address}")
    return Secret("0x" + key.hex())


def write_keystore(path: Path, key: Secret, password: str, scrypt_n: int = SCRYPT_N) -> str:
    """Write a new keystore, mode 0600, and return the key's address. Never overwrites a file.

    Reads it back and decrypts it before returning. Takes a second.
    """
    document = Account.encrypt(
        bytes.fromhex(key.reveal().removeprefix("0x")), password, kdf="scrypt", iterations=scrypt_n
    )
    content = json.dumps(document, indent=2).encode() + b"\n"
    make_private_folder(path.parent)
    write_private_file(path, content, may_replace=False)
    if decrypt(read_keystore(path), password) != key:
        raise _bad(path, "it does not hold what was written")
    return address_of(key)


def address_of(key: Secret) -> str:
    """Return a key's address."""
    return str(Account.from_key(key.reveal()).address)


def new_key() -> Secret:
    """Return a fresh key from the system's randomness."""
    return Secret("0x" + bytes(Account.create().key).hex())


def _lower_keys(value: Any) -> Any:
    """Some wallets write "Crypto"."""
    return (
        {key.lower(): _lower_keys(part) for key, part in value.items()} if isinstance(value, dict) else value
    )


def _check_cipher(path: Path, crypto: dict[str, Any]) -> None:
    if crypto.get("cipher") != "aes-128-ctr":
        raise _bad(path, "its cipher is not aes-128-ctr")
    texts = [crypto.get("ciphertext"), crypto.get("mac"), (crypto.get("cipherparams") or {}).get("iv")]
    if not all(isinstance(text, str) for text in texts):
        raise _bad(path, "a part of its crypto is missing")


def _check_cost(path: Path, crypto: dict[str, Any]) -> None:
    kdf, params = crypto.get("kdf"), crypto.get("kdfparams")
    try:
        if kdf == "scrypt":
            scrypt = msgspec.convert(params, _Scrypt)
            is_power = scrypt.n > 1 and scrypt.n & (scrypt.n - 1) == 0
            memory_bytes = 128 * scrypt.n * scrypt.r
            is_fit = is_power and scrypt.r > 0 and 0 < scrypt.p <= MOST_SCRYPT_PARALLEL and scrypt.dklen == 32
            if memory_bytes > MOST_SCRYPT_MEMORY_BYTES or not is_fit:
                raise _bad(
                    path, f"its scrypt settings (n {scrypt.n}, r {scrypt.r}, p {scrypt.p}) are refused"
                )
        elif kdf == "pbkdf2":
            pbkdf2 = msgspec.convert(params, _Pbkdf2)
            if not 0 < pbkdf2.c <= MOST_PBKDF2_ROUNDS or pbkdf2.dklen != 32 or pbkdf2.prf != "hmac-sha256":
                raise _bad(path, f"its pbkdf2 settings ({pbkdf2.c} rounds) are refused")
        else:
            raise _bad(path, "it was made with neither scrypt nor pbkdf2")
    except msgspec.ValidationError as error:
        raise _bad(path, f"its {kdf} settings cannot be read") from error


def _address(path: Path, document: dict[str, Any]) -> str | None:
    found = document.get("address")
    if found is None or found == "":
        return None
    try:
        return checksum("0x" + str(found).removeprefix("0x"))
    except ValueError as error:
        raise _bad(path, "the address in it is none") from error


def _bad(path: Path, why: str) -> ProblemError:
    return problem_error(
        "bad_keystore",
        f"The keystore {path} cannot be used",
        why,
        "Name a keystore of version 3; cortensor-tui keys import and keys new make one",
    )


def _wrong_password(path: Path) -> ProblemError:
    return problem_error(
        "wrong_password",
        f"The password of {path} is wrong",
        "the keystore's checksum does not fit it",
        "Give the password that the keystore was made with",
    )
