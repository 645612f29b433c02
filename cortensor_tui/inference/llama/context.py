"""One context of llama.cpp: its batches, its memory, and what comes out of both."""

from __future__ import annotations

import ctypes
import mmap
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import llama_cpp.llama_cpp as native
import numpy as np
import numpy.typing as npt

from cortensor_tui.inference.llama.batching import Chunk
from cortensor_tui.inference.problems import decode_failed

Handle = Any
Copy = npt.NDArray[np.uint8]

_ABORTED = 2
_ASKS_FROM_TOKENS = 16
_MOST_VIEWS = 256


class Context:
    """A made context and the arrays of its batch, which are filled again and again."""

    def __init__(self, handle: Handle, vocabulary_tokens: int) -> None:
        self.handle = handle
        self._memory = native.llama_get_memory(handle)
        self.vocabulary_tokens = vocabulary_tokens
        self._views: dict[int, Any] = {}
        self.tokens = int(native.llama_n_ctx_seq(handle))
        self.batch_tokens = int(native.llama_n_batch(handle))
        self.sequences = int(native.llama_n_seq_max(handle))
        self._make_batch(self.batch_tokens)
        self._numbers = (ctypes.c_int32 * self.sequences)(*range(self.sequences))

    # --- batches ---------------------------------------------------------------------------------

    def decode(self, chunks: Sequence[Chunk], is_aborted: Callable[[], bool]) -> bool:
        """Compute one batch; False when aborted, and then no cells of it were kept.

        Raises `ProblemError` "decode_failed". llama.cpp asks `is_aborted` at each node of its graph: cheap
        beside a batch of prompt but not beside some tokens, so those go without.
        """
        count = self._fill(chunks)
        if count < _ASKS_FROM_TOKENS:
            return self._compute(count)
        asked = native.ggml_abort_callback(lambda _: is_aborted())
        native.llama_set_abort_callback(self.handle, asked, None)
        try:
            return self._compute(count)
        finally:
            native.llama_set_abort_callback(self.handle, native.ggml_abort_callback(), None)

    def outcome(self, index: int) -> Any:
        """Return the numbers of all tokens, as llama.cpp holds them until the next batch."""
        pointer = native.llama_get_logits_ith(self.handle, index)
        address = ctypes.addressof(pointer.contents)
        view = self._views.get(address)
        if view is None:
            if len(self._views) >= _MOST_VIEWS:
                self._views.clear()
            numbers = (ctypes.c_float * self.vocabulary_tokens).from_address(address)
            view = self._views[address] = np.ctypeslib.as_array(numbers)
        return view

    def _compute(self, count: int) -> bool:
        self._batch.n_tokens = count
        status = native.llama_decode(self.handle, self._batch)
        if status == _ABORTED:
            return False
        if status != 0:
            raise decode_failed(status)
        return True

    def _fill(self, chunks: Sequence[Chunk]) -> int:
        begin = 0
        first = ctypes.addressof(self._numbers)
        for chunk in chunks:
            end = begin + len(chunk.tokens)
            row = first + ctypes.sizeof(native.llama_seq_id) * chunk.sequence_id
            if end == begin + 1:  # the usual batch, and a third of the time that slices take
                self._token[begin] = chunk.tokens[0]
                self._position[begin] = chunk.position
                self._sequence[begin] = row
            else:
                count = end - begin
                self._token[begin:end] = array("i", chunk.tokens)
                self._position[begin:end] = array("i", range(chunk.position, chunk.position + count))
                self._sequence[begin:end] = array("Q", (row,)) * count
                self._has_outcome[begin:end] = array("b", bytes(count))
            self._has_outcome[end - 1] = chunk.has_outcome
            begin = end
        return begin

    def _make_batch(self, tokens: int) -> None:
        self._token = array("i", bytes(4 * tokens))
        self._position = array("i", bytes(4 * tokens))
        self._sequence_count = array("i", (1,)) * tokens
        self._sequence = array("Q", bytes(8 * tokens))
        self._has_outcome = array("b", bytes(tokens))
        batch = self._batch = native.llama_batch()
        batch.token = _pointer(self._token, native.llama_token)
        batch.pos = _pointer(self._position, native.llama_pos)
        batch.n_seq_id = _pointer(self._sequence_count, ctypes.c_int32)
        batch.seq_id = _pointer(self._sequence, ctypes.POINTER(native.llama_seq_id))
        batch.logits = _pointer(self._has_outcome, ctypes.c_int8)

    # --- memory ----------------------------------------------------------------------------------

    def forget(self, sequence_id: int, position: int = 0) -> bool:
        """Drop what a sequence holds from a position on; False where only all of it could be dropped."""
        return bool(native.llama_memory_seq_rm(self._memory, sequence_id, position, -1))

    def share(self, source_id: int, target_id: int, tokens: int) -> None:
        """Let a sequence begin with the same cells as another."""
        native.llama_memory_seq_cp(self._memory, source_id, target_id, 0, tokens)

    def state_bytes(self, sequence_id: int) -> int:
        """Return the size of a copy of what a sequence holds."""
        return int(native.llama_state_seq_get_size(self.handle, sequence_id))

    def state(self, sequence_id: int) -> Copy | None:
        """Return a copy of what a sequence holds, None where there is no memory for one.

        In a mapping of its own: the C library keeps what is freed in between others of nearly the same size.
        """
        size_bytes = self.state_bytes(sequence_id)
        try:
            memory = mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except (OSError, ValueError):
            return None
        copy = np.frombuffer(memory, np.uint8)
        copied = native.llama_state_seq_get_data(self.handle, _bytes_of(copy), size_bytes, sequence_id)
        return copy if copied == size_bytes else None

    def restore(self, sequence_id: int, state: Copy) -> bool:
        """Fill an empty sequence with a copy; False where there is no room for it, and it is still empty."""
        if native.llama_state_seq_set_data(self.handle, _bytes_of(state), state.size, sequence_id) > 0:
            return True
        self.forget(sequence_id)
        return False

    def forget_all(self) -> None:
        """Empty every sequence, as in a context just made."""
        native.llama_memory_clear(self._memory, False)  # what the cells held is never looked at

    # --- threads ---------------------------------------------------------------------------------

    def use_threads(self, decode: int, prefill: int) -> None:
        """Compute one token with so many threads, several at once with so many."""
        native.llama_set_n_threads(self.handle, decode, prefill)

    def warm_up(self, token: int) -> None:
        """Touch every weight once, so that the first prompt is not the one to wait for the disk."""
        native.llama_set_warmup(self.handle, True)
        self.decode([Chunk(0, 0, (token,), True)], lambda: False)
        native.llama_synchronize(self.handle)
        self.forget_all()
        native.llama_set_warmup(self.handle, False)


def _pointer(numbers: array[int], kind: Any) -> Any:
    """Return a pointer to an array's numbers, which can change their values but not their count any more."""
    return ctypes.cast((kind * len(numbers)).from_buffer(numbers), ctypes.POINTER(kind))


def _bytes_of(copy: Copy) -> Any:
    return copy.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
