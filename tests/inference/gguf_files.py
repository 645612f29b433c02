"""Small GGUF files, and the real one with a few bytes changed."""

from __future__ import annotations

import struct
from pathlib import Path

_STRING, _UINT32 = 8, 4


def text(value: str) -> bytes:
    """Encode a GGUF string."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key: str, value: str | int) -> bytes:
    """Encode a key with a text or a 32-bit number."""
    if isinstance(value, str):
        return text(key) + struct.pack("<I", _STRING) + text(value)
    return text(key) + struct.pack("<II", _UINT32, value)


def string_array(key: str, values: list[str]) -> bytes:
    """Encode a key with an array of texts."""
    return text(key) + struct.pack("<IIQ", 9, _STRING, len(values)) + b"".join(map(text, values))


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    """Encode what the header says of a tensor."""
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + dimensions + struct.pack("<IQ", kind, offset)


def gguf(pairs: list[bytes], tensors: list[bytes], data_bytes: int, version: int = 3) -> bytes:
    """Build a whole file with zeros for weights."""
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    padding = -len(header) % 32
    return header + bytes(padding + data_bytes)


def small_gguf(architecture: str = "llama") -> bytes:
    """Build a file that is whole but no model: two tensors of 64 and 32 numbers."""
    pairs = [
        pair("general.architecture", architecture),
        pair("general.name", "small \x1b[31mone"),
        pair(f"{architecture}.context_length", 77),
        string_array("tokenizer.ggml.tokens", ["a", "b", "é"]),
    ]
    return gguf(pairs, [tensor("a", (8, 8), 0, 0), tensor("b", (32,), 2, 256)], 256 + 18)


def with_template(source: Path, target: Path, template: str) -> Path:
    """Copy a model with another chat template, padded with a comment to the length of its own."""
    data = bytearray(source.read_bytes())
    key = text("tokenizer.chat_template")
    at = data.index(key) + len(key) + 4
    (length,) = struct.unpack_from("<Q", data, at)
    padded = template.encode() + b"{#" + b" " * (length - len(template.encode()) - 4) + b"#}"
    assert len(padded) == length
    data[at + 8 : at + 8 + length] = padded
    target.write_bytes(data)
    return target


def without_template(source: Path, target: Path) -> Path:
    """Copy a model with its chat template under a key that nobody reads."""
    data = source.read_bytes()
    target.write_bytes(data.replace(text("tokenizer.chat_template"), text("tokenizer.chat_templatX")))
    return target
