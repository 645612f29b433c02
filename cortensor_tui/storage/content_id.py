"""Content ids (CIDs): what they say, how they are written, and the one that a file has.

After the multiformats specifications (CID, multihash, multibase). Hashes other than sha2-256 are not read:
what cannot be checked here is not used.
"""

from __future__ import annotations

import base64
import hashlib
import re

import msgspec

RAW, DAG_PB = 0x55, 0x70
"""Codecs: a block of bytes as they are, and a node of a tree."""

_SHA2_256 = bytes((0x12, 0x20))  # the hash's code and its length
_DIGEST_BYTES = 32
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_V0 = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")
_BASE32 = re.compile(r"b[a-z2-7]{58}")
_BASE58BTC = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{40,60}")
_ADDRESS = re.compile(r"(?:ipfs://(?:ipfs/)?|/ipfs/)(?P<cid>[A-Za-z0-9]{1,100})/?")
IPFS_SCHEME = "ipfs://"


class ContentId(msgspec.Struct, frozen=True):
    """The sha2-256 of one block, with how that block is to be read and how the id is written."""

    version: int
    codec: int
    digest: bytes

    def __str__(self) -> str:
        """Return it as IPFS nodes write it: version 0 in base58, version 1 in lower-case base32."""
        if self.version == 0:
            return _base58(_SHA2_256 + self.digest)
        return "b" + base64.b32encode(self.packed).decode().rstrip("=").lower()

    @property
    def packed(self) -> bytes:
        """Return its bytes, as links in a tree have them."""
        multihash = _SHA2_256 + self.digest
        return multihash if self.version == 0 else bytes((self.version, self.codec)) + multihash

    def is_of_block(self, block: bytes) -> bool:
        """Tell whether this is the id of these bytes as one block."""
        return hashlib.sha256(block).digest() == self.digest


def block_id(block: bytes, codec: int, version: int = 1) -> ContentId:
    """Return the id of one block."""
    return ContentId(version, codec, hashlib.sha256(block).digest())


def parse_content_id(text: str) -> ContentId:
    """Read an id of either version. Raises `ValueError` with what is wrong with it."""
    if _V0.fullmatch(text):
        return unpack_content_id(_from_base58(text))
    if _BASE32.fullmatch(text):
        encoded = text[1:].upper()
        packed = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    elif _BASE58BTC.fullmatch(text):
        packed = _from_base58(text[1:])
    else:
        raise ValueError("it is not a content id in base58 or base32")
    found = unpack_content_id(packed)
    if text.startswith("b") and str(found) != text:  # two names for one payload would be two files
        raise ValueError("its last letter says more than an id holds")
    return found


def unpack_content_id(packed: bytes) -> ContentId:
    """Read an id's bytes. Raises `ValueError` with what is wrong with them."""
    if packed.startswith(_SHA2_256) and len(packed) == 2 + _DIGEST_BYTES:
        return ContentId(0, DAG_PB, packed[2:])
    if len(packed) != 4 + _DIGEST_BYTES or packed[0] != 1 or packed[2:4] != _SHA2_256:
        raise ValueError("it is of another kind than version 0 or 1 with sha2-256")
    if packed[1] not in (RAW, DAG_PB):
        raise ValueError("it is not the id of a file")
    return ContentId(1, packed[1], packed[4:])


def addressed_content_id(text: str) -> str | None:
    """Return the content id that a task's data names, None where the data is no address but a text.

    However it is written there, it is returned as `ContentId` writes it: a payload has one name here. An
    address is the whole of the data: `ipfs://CID`, `/ipfs/CID` or the id alone, blanks around it allowed.
    """
    if len(text) > 200:
        return None
    bare = text.strip()
    match = _ADDRESS.fullmatch(bare)
    found = match["cid"] if match else bare
    try:
        return str(parse_content_id(found))
    except ValueError:
        return None


def content_address(cid: str) -> str:
    """Return the address of a payload, as it is committed on chain."""
    return IPFS_SCHEME + cid


def _base58(data: bytes) -> str:
    number, digits = int.from_bytes(data), []
    while number:
        number, digit = divmod(number, 58)
        digits.append(_BASE58[digit])
    leading_zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * leading_zeros + "".join(reversed(digits))


def _from_base58(text: str) -> bytes:
    number = 0
    for character in text:
        number = 58 * number + _BASE58.index(character)
    leading_zeros = len(text) - len(text.lstrip("1"))
    return bytes(leading_zeros) + number.to_bytes((number.bit_length() + 7) // 8)
