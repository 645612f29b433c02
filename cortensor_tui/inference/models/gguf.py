"""The header of a GGUF file, read by hand, so that llama.cpp never sees a file that is not whole.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.inference.models.quantisation import quantisation_name
from cortensor_tui.inference.problems import OTHER_MODEL_REMEDY

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MAX_COUNT = 10_000_000  # pairs, tensors, array members: more than any model has
_MAX_STRING_BYTES = 16 * 1024 * 1024
_MAX_DIMENSIONS = 8
_STRING, _ARRAY = 8, 9
_NUMBERS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_DEFAULT_ALIGNMENT = 32
_MOST = 2**31 - 1  # of anything that a header counts
_MOST_WEIGHTS = 10**15
_MOST_KEPT = 1024  # numbers of an array: one a layer

Value = int | float | str | tuple[int | float, ...]

# fmt: off
TENSOR_TYPES = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}
# fmt: on
"""Elements and bytes of a block, by ggml's number for the type; a test holds it against the library."""


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """What a model keeps of each token it has read: so many key and value vectors in each layer.

    `kv_heads` has a number a layer, 0 for one that keeps nothing of single tokens; lengths are in numbers.
    """

    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int


class GgufSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a model file says of itself: None or "" where it does not, or says what cannot be.

    `context_tokens` is what it was trained for, `weight_count` counts the numbers in all tensors.
    """

    version: int
    architecture: str
    name: str
    context_tokens: int | None
    tensor_count: int
    has_chat_template: bool
    file_bytes: int
    quantisation: str = ""
    weight_count: int | None = None
    vocabulary_tokens: int | None = None
    layer_count: int | None = None
    attention: Attention | None = None


def check_gguf(path: Path) -> GgufSummary:
    """Read a model file's header and hold it against the file's size.

    Raises `ProblemError`: "model_missing", "model_unreadable", "model_foreign" for a file that is no GGUF
    of a known version, "model_truncated" for one that ends before its last tensor.
    """
    try:
        with path.open("rb") as file:
            return _Reader(path, file, os.fstat(file.fileno()).st_size).summary()
    except FileNotFoundError as error:
        raise problem_error(
            "model_missing",
            f"There is no model file {path}",
            "",
            "Run the set-up to fetch the default model, or set CORTENSOR_TUI_MODEL_PATH to a GGUF file",
        ) from error
    except OSError as error:
        why = error.strerror or str(error)
        remedy = "Check CORTENSOR_TUI_MODEL_PATH and the file's permissions"
        raise problem_error(
            "model_unreadable", f"The model file {path} cannot be read", why, remedy
        ) from error


class _Reader:
    """Walks one header from its start; keeps what is short and skips the rest."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path = path
        self._file = file
        self._size = size
        self._values: dict[str, Value] = {}
        self._lengths: dict[str, int] = {}
        self._weight_count = 0

    def summary(self) -> GgufSummary:
        version = self._version()
        tensor_count, pair_count = self._count(), self._count()
        for _ in range(pair_count):
            self._pair()
        self._check_tensors(tensor_count)
        architecture = self._text("general.architecture")
        return GgufSummary(
            version=version,
            architecture=architecture,
            name=self._text("general.name"),
            context_tokens=self._positive(f"{architecture}.context_length"),
            tensor_count=tensor_count,
            has_chat_template="tokenizer.chat_template" in self._values,
            file_bytes=self._size,
            quantisation=quantisation_name(self._values.get("general.file_type")),
            weight_count=self._weight_count if 0 < self._weight_count <= _MOST_WEIGHTS else None,
            vocabulary_tokens=self._lengths.get("tokenizer.ggml.tokens"),
            layer_count=self._positive(f"{architecture}.block_count"),
            attention=self._attention(architecture),
        )

    def _attention(self, architecture: str) -> Attention | None:
        layers = self._positive(f"{architecture}.block_count")
        heads = self._a_layer(f"{architecture}.attention.head_count", layers)
        kv_heads = self._a_layer(f"{architecture}.attention.head_count_kv", layers) or heads
        if kv_heads is None:
            return None
        embedding = self._positive(f"{architecture}.embedding_length") or 0
        usual = embedding // max(heads) if heads and max(heads) > 0 else 0
        key = self._positive(f"{architecture}.attention.key_length") or usual
        value = self._positive(f"{architecture}.attention.value_length") or usual
        return Attention(kv_heads=kv_heads, key_length=key, value_length=value) if key and value else None

    def _a_layer(self, key: str, layers: int | None) -> tuple[int, ...] | None:
        """Return a number for each layer, of which a file has one for all or one for each."""
        value = self._values.get(key)
        if layers is None or layers > _MOST_KEPT:
            return None
        numbers = value if isinstance(value, tuple) else (value,) * layers
        sound = tuple(one for one in numbers if type(one) is int and 0 <= one <= _MOST)
        return sound if len(sound) == layers else None

    def _positive(self, key: str) -> int | None:
        value = self._values.get(key)
        return value if type(value) is int and 0 < value <= _MOST else None

    def _version(self) -> int:
        if self._file.read(len(_MAGIC)) != _MAGIC:
            why = "It does not begin with the letters GGUF" if self._size else "It is empty"
            raise self._foreign(why)
        version = int(self._number("<I"))
        if version not in _VERSIONS:
            raise self._foreign(f"Its GGUF version is {version}; 2 and 3 are known")
        return version

    def _pair(self) -> None:
        key = self._string()
        kind = int(self._number("<I"))
        if kind == _STRING:
            self._values[key] = self._string()
        elif kind == _ARRAY:
            self._array(key)
        else:
            self._values[key] = self._number(self._format(kind))

    def _array(self, key: str) -> None:
        """Note how long an array is; keep numbers where there may be one a layer, and skip all others."""
        kind, count = int(self._number("<I")), self._count()
        self._lengths[key] = count
        if kind == _ARRAY:
            raise self._foreign("It holds an array of arrays, which no model has")
        if kind == _STRING:
            for _ in range(count):  # a vocabulary: a loop of a few 100,000, so nothing is decoded
                self._skip(int.from_bytes(self._bytes(8), "little"))
        elif count <= _MOST_KEPT:
            form = self._format(kind)
            self._values[key] = tuple(self._number(form) for _ in range(count))
        else:
            self._skip(count * struct.calcsize(self._format(kind)))

    def _check_tensors(self, count: int) -> None:
        ends = [self._tensor_end() for _ in range(count)]
        stated = self._values.get("general.alignment", _DEFAULT_ALIGNMENT)
        if not isinstance(stated, int) or stated < 1:
            raise self._foreign("Its alignment is no positive number")
        begin = -(-self._file.tell() // stated) * stated
        if ends and begin + max(ends) > self._size:
            raise self._truncated(f"It has {self._size} bytes and should have {begin + max(ends)}")

    def _tensor_end(self) -> int:
        """Return where a tensor ends, counted from the start of the data."""
        self._string()
        dimensions = int(self._number("<I"))
        if dimensions > _MAX_DIMENSIONS:
            raise self._foreign(f"It has a tensor of {dimensions} dimensions")
        elements = 1
        for _ in range(dimensions):
            elements *= int(self._number("<Q"))
        self._weight_count += elements
        kind, offset = int(self._number("<I")), int(self._number("<Q"))
        # Of a type made after this table, at least the start must be inside.
        block_elements, block_bytes = TENSOR_TYPES.get(kind, (elements or 1, 1))
        return offset + elements // block_elements * block_bytes

    # --- pieces ----------------------------------------------------------------------------------

    def _text(self, key: str) -> str:
        return inert(str(self._values.get(key, "")), 200)

    def _count(self) -> int:
        count = int(self._number("<Q"))
        if count > _MAX_COUNT:
            raise self._foreign(f"It announces {count} entries")
        return count

    def _string(self) -> str:
        length = int(self._number("<Q"))
        if length > _MAX_STRING_BYTES:
            raise self._foreign(f"It announces a text of {length} bytes")
        return self._bytes(length).decode("utf-8", "replace")

    def _format(self, kind: int) -> str:
        if kind not in _NUMBERS:
            raise self._foreign(f"It holds a value of the unknown type {kind}")
        return _NUMBERS[kind]

    def _number(self, form: str) -> int | float:
        value: int | float = struct.unpack(form, self._bytes(struct.calcsize(form)))[0]
        return value

    def _bytes(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) < length:
            raise self._past_end()
        return data

    def _skip(self, length: int) -> None:
        if length > self._size - self._file.tell():
            raise self._past_end()
        self._file.seek(length, os.SEEK_CUR)

    def _past_end(self) -> ProblemError:
        why = f"Its header does not end within its {self._size} bytes"
        return self._truncated(why, "cut short or damaged")

    def _foreign(self, why: str) -> ProblemError:
        return problem_error(
            "model_foreign", f"The model file {self._path} is not a usable GGUF file", why, OTHER_MODEL_REMEDY
        )

    def _truncated(self, why: str, how: str = "cut short") -> ProblemError:
        return problem_error(
            "model_truncated",
            f"The model file {self._path} is {how}",
            why,
            "Download or copy it again",
        )
