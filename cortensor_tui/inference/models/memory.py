"""How much memory a model takes with its context, and the largest context that fits."""

from __future__ import annotations

import msgspec

from cortensor_tui.inference.models.gguf import TENSOR_TYPES, Attention, GgufSummary

KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "bf16": 30}
"""Number types of keys and values, each with ggml's number for it."""
DEFAULT_KV_TYPE = "f16"

WORKING_BYTES = 128 * 2**20
"""llama.cpp's own work and its process beside weights and context.

A model of 93 MiB was seen to take 64 MiB more than weights and context, at 512, 2,048 and 8,192 tokens alike;
one of 241 MiB with runs going on 111 MiB more.
"""

_CELL_STEP = 256  # llama.cpp rounds a context up to this


class MemoryNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What a model takes. `kv_bytes` is 0 where the file does not say how much a token takes."""

    weights_bytes: int
    kv_bytes: int
    working_bytes: int = WORKING_BYTES

    @property
    def total_bytes(self) -> int:
        """Return the whole."""
        return self.weights_bytes + self.kv_bytes + self.working_bytes


def kv_bytes_per_token(
    attention: Attention, key_type: str = DEFAULT_KV_TYPE, value_type: str = DEFAULT_KV_TYPE
) -> int:
    """Return what one token of the context takes over all layers."""
    heads = sum(attention.kv_heads)
    return _bytes_of(heads * attention.key_length, key_type) + _bytes_of(
        heads * attention.value_length, value_type
    )


def memory_need(
    summary: GgufSummary,
    context_tokens: int,
    key_type: str = DEFAULT_KV_TYPE,
    value_type: str = DEFAULT_KV_TYPE,
) -> MemoryNeed:
    """Return what a model takes with a context; 0 tokens stand for what it was trained for."""
    kv_bytes = 0
    tokens = applied_context(summary, context_tokens)
    if summary.attention is not None and tokens is not None:
        cells = -(-tokens // _CELL_STEP) * _CELL_STEP
        kv_bytes = cells * kv_bytes_per_token(summary.attention, key_type, value_type)
    return MemoryNeed(weights_bytes=summary.file_bytes, kv_bytes=kv_bytes)


def applied_context(summary: GgufSummary, context_tokens: int) -> int | None:
    """Return the context that is made where one is asked for: never more than the model was trained for."""
    trained = summary.context_tokens
    if context_tokens <= 0:
        return trained
    return context_tokens if trained is None else min(context_tokens, trained)


def largest_context(
    summary: GgufSummary,
    free_bytes: int,
    key_type: str = DEFAULT_KV_TYPE,
    value_type: str = DEFAULT_KV_TYPE,
) -> int | None:
    """Return the largest context that fits into memory, None where none does or that cannot be told."""
    if summary.attention is None:
        return None
    room = free_bytes - summary.file_bytes - WORKING_BYTES
    per_step = _CELL_STEP * kv_bytes_per_token(summary.attention, key_type, value_type)
    tokens = room // per_step * _CELL_STEP if per_step else 0
    return applied_context(summary, tokens) if tokens > 0 else None


def gpu_share(summary: GgufSummary, gpu_layers: int) -> float:
    """Return how much of weights and context goes to GPUs with so many layers there, -1 for all of them.

    Layers are about alike, and llama.cpp counts the output as one more; a file that does not tell how many
    it has gives all or nothing.
    """
    if gpu_layers < 0 or summary.layer_count is None:
        return 1.0 if gpu_layers else 0.0
    return min(1.0, gpu_layers / (summary.layer_count + 1))


def largest_context_beside(
    summary: GgufSummary, share: float, own_free_bytes: int, gpu_free_bytes: int
) -> int | None:
    """Return the largest context that fits where a share of everything but the work is on GPUs."""
    room = gpu_free_bytes / share if share else float("inf")
    if share < 1.0:
        room = min(room, (own_free_bytes - WORKING_BYTES) / (1.0 - share))
    return largest_context(summary, int(room) + WORKING_BYTES)


def _bytes_of(numbers: int, kind: str) -> int:
    block_numbers, block_bytes = TENSOR_TYPES[KV_TYPES[kind]]
    return -(-numbers // block_numbers) * block_bytes
