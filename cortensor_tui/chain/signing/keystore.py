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
from cortensor_tui.settings.keystore_file import bad_keystore, read_keystore_document
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.settings.secret import Secret

SCRYPT_N: Final = 262_144


class Keystore(msgspec.Struct, frozen=True, kw_only=True):
    """A keystore that was read and can be tried. `address` is what the file says, checksummed, or None."""

    path: Path
    document: dict[str, Any]
    address: str | None


def read_keystore(path: Path) -> Keystore:
    """Read a keystore file and check it before a password is asked for.

    Raises `ProblemError` as `read_keystore_document` does.
    """
    document = read_keystore_document(path)
    address = str(document.get("address") or "")
    return Keystore(
        path=path,
        document=document,
        address=checksum("0x" + address.removeprefix("0x")) if address else None,
    )


def decrypt(keystore: Keystore, password: str) -> Secret:
    """Return the key. Takes half a second and 256 MiB: never on an event loop.

    Raises `ProblemError` "wrong_password", or "bad_keystore" when its key is not that of its address.
    """
    try:
        key = bytes(Account.decrypt(keystore.document, password))
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise _wrong_password(keystore.path) from error
        raise bad_keystore(keystore.path, "it cannot be decrypted") from error
    except Exception as error:  # the library checks little of what it reads
        raise bad_keystore(keystore.path, "it cannot be decrypted") from error
    try:
        address = str(Account.from_key(key).address)
    except Exception as error:
        raise bad_keystore(keystore.path, "what it holds is no private key") from error
    if keystore.address not in (None, address):
        raise bad_keystore(keystore.path, f"it says {keystore.address}, and its key is that of {address}")
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
        raise bad_keystore(path, "it does not hold what was written")
    return address_of(key)


def address_of(key: Secret) -> str:
    """Return a key's address."""
    return str(Account.from_key(key.reveal()).address)


def new_key() -> Secret:
    """Return a fresh key from the system's randomness."""
    return Secret("0x" + bytes(Account.create().key).hex())


def _wrong_password(path: Path) -> ProblemError:
    return problem_error(
        "wrong_password",
        f"The password of {path} is wrong",
        "the keystore's checksum does not fit it",
        "Give the password that the keystore was made with",
    )
