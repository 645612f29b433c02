"""Files as IPFS keeps them: cut into chunks under a tree of links (UnixFS in dag-pb).

After the IPFS specifications (unixfs, dag-pb). Encoding has the settings that nodes add files by unless told
otherwise: chunks of 256 KiB, a balanced tree of at most 174 links a node, leaves as they are for version 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cortensor_tui.storage.content_id import DAG_PB, RAW, ContentId, block_id, unpack_content_id

CHUNK_BYTES = 256 * 1024
LINKS_A_NODE = 174
_RAW_LEAF, _FILE = 0, 2  # UnixFS's types of data that make up files
_OTHER_TYPES = {1: "a directory", 3: "metadata", 4: "a symbolic link", 5: "a sharded directory"}
_VARINT, _BYTES = 0, 2  # protobuf's wire types
_FIXED_BYTES = {1: 8, 5: 4}
_MOST_VARINT_BYTES = 10
# A link has its id, a name and a size; a file's own words are these, beside one size for each link.
_MOST_LINK_FIELDS = 3
_MOST_FILE_FIELDS = 16


class FileNode(msgspec.Struct, frozen=True, kw_only=True):
    """One block of a file: the bytes it holds itself, then what it links to, in the order of the file.

    `file_bytes` is how large the file is from here down, as the block says; None where it does not.
    """

    data: bytes
    links: tuple[ContentId, ...]
    file_bytes: int | None


def file_id(data: bytes, version: int = 1) -> ContentId:
    """Return the id that an IPFS node gives a file: `add --cid-version=1`, or `add` for version 0."""
    layer = [_leaf(data[at : at + CHUNK_BYTES], version) for at in range(0, len(data), CHUNK_BYTES)]
    layer = layer or [_leaf(b"", version)]
    while len(layer) > 1:
        layer = [_parent(layer[at : at + LINKS_A_NODE], version) for at in range(0, len(layer), LINKS_A_NODE)]
    return layer[0].content_id


def is_file_of(content_id: ContentId, data: bytes) -> bool:
    """Tell whether an id is one that the usual settings give these bytes, whichever version wrote it.

    A tree cut otherwise has another id; its blocks are checked one by one when it is fetched.
    """
    if content_id.codec == RAW:
        return content_id.is_of_block(data)  # also one block that is larger than a chunk
    # Written in version 1, an id may be that of the tree of version 0; a block is never its own file.
    reckoned = (file_id(data, version) for version in (1, 0))
    return any((one.codec, one.digest) == (DAG_PB, content_id.digest) for one in reckoned)


def read_block(content_id: ContentId, block: bytes, most_links: int) -> FileNode:
    """Return what a block says of its file. Raises `ValueError` where it is none of a file.

    Somebody may have built it to take long: it is read no further than a file's block goes.
    """
    if content_id.codec == RAW:
        return FileNode(data=block, links=(), file_bytes=len(block))
    payload, targets = None, []
    for number, value in _fields(block, most_links + 1):
        if number == 1 and isinstance(value, bytes) and payload is None:
            payload = value
        elif number == 2 and isinstance(value, bytes):
            targets.append(_target(value))
        else:
            raise ValueError("it is no node of a tree")
    kind, data, size = _unixfs(payload or b"", len(targets))
    if kind not in (_RAW_LEAF, _FILE):
        raise ValueError(f"it is {_OTHER_TYPES.get(kind, 'of an unknown kind')}, not a file")
    return FileNode(data=data, links=tuple(targets), file_bytes=size)


# --- encoding --------------------------------------------------------------------------------------


class _Built(msgspec.Struct, frozen=True):
    """A block that was made: its id, the file's bytes under it, and what it takes with all below it."""

    content_id: ContentId
    file_bytes: int
    tree_bytes: int


def _leaf(chunk: bytes, version: int) -> _Built:
    if version == 1:
        return _Built(block_id(chunk, RAW), len(chunk), len(chunk))
    held = _bytes_field(2, chunk) if chunk else b""
    block = _bytes_field(1, _number_field(1, _FILE) + held + _number_field(3, len(chunk)))
    return _Built(block_id(block, DAG_PB, version), len(chunk), len(block))


def _parent(children: list[_Built], version: int) -> _Built:
    file_bytes = sum(child.file_bytes for child in children)
    links = b"".join(
        _bytes_field(
            2,
            _bytes_field(1, child.content_id.packed)
            + _bytes_field(2, b"")
            + _number_field(3, child.tree_bytes),
        )
        for child in children
    )
    sizes = b"".join(_number_field(4, child.file_bytes) for child in children)
    block = links + _bytes_field(1, _number_field(1, _FILE) + _number_field(3, file_bytes) + sizes)
    tree_bytes = len(block) + sum(child.tree_bytes for child in children)
    return _Built(block_id(block, DAG_PB, version), file_bytes, tree_bytes)


def _number_field(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# --- decoding --------------------------------------------------------------------------------------


def _target(link: bytes) -> ContentId:
    for number, value in _fields(link, _MOST_LINK_FIELDS):
        if number == 1 and isinstance(value, bytes):
            return unpack_content_id(value)
    raise ValueError("one of its links leads nowhere")


def _unixfs(payload: bytes, link_count: int) -> tuple[int, bytes, int | None]:
    """Return type, bytes and size. The sizes below are not read: what comes is counted."""
    kind, data, size = -1, b"", None
    for number, value in _fields(payload, link_count + _MOST_FILE_FIELDS):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, bytes):
            data = value
        elif number == 3 and isinstance(value, int):
            size = value
    return kind, data, size


def _fields(message: bytes, most: int) -> Iterator[tuple[int, int | bytes]]:
    """Yield each field's number and value: a number, or bytes.

    Raises `ValueError` for what is cut off, and for more fields than `most`.
    """
    at = count = 0
    while at < len(message):
        count += 1
        if count > most:
            raise ValueError(f"it says more than a file's block does, in over {most} fields")
        tag, at = _read_varint(message, at)
        wire_type = tag & 7
        if wire_type == _VARINT:
            value, at = _read_varint(message, at)
            yield tag >> 3, value
            continue
        if wire_type == _BYTES:
            length, at = _read_varint(message, at)
        elif wire_type in _FIXED_BYTES:
            length = _FIXED_BYTES[wire_type]
        else:
            raise ValueError("it is no node of a tree")
        if at + length > len(message):
            raise ValueError("it is cut off")
        yield tag >> 3, message[at : at + length]
        at += length


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + _MOST_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("it is cut off")
