"""Content ids, computed locally."""

from __future__ import annotations

import base64
import hashlib

# version 1, codec raw, multihash sha2-256 of 32 bytes (multiformats table)
_PREFIX = bytes((0x01, 0x55, 0x12, 0x20))


def raw_cid(data: bytes) -> str:
    """Return the CIDv1 of the bytes as one raw block, base32 lower case ("bafkrei…")."""
    encoded = base64.b32encode(_PREFIX + hashlib.sha256(data).digest()).decode().rstrip("=").lower()
    return "b" + encoded
