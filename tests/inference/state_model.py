"""A tiny Mamba of random weights: a real model whose memory is a state that nothing can take back."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from .gguf_files import pair, string_array, tensor, text

_EMBEDDING, _INNER, _STATE, _CONVOLUTION, _TIME_STEP, _LAYERS = 256, 512, 16, 4, 16, 6
_BYTES = 256
CONTEXT_TOKENS = 8192


def state_model(path: Path) -> Path:
    """Write the model, whose tokens are bytes, and return where it is: 18 MB."""
    weights = _weights()
    tensors, data = [], b""
    for name, numbers in weights.items():
        tensors.append(tensor(name, numbers.shape[::-1], 0, len(data)))
        data += numbers.tobytes() + bytes(-numbers.nbytes % 32)
    pairs = _pairs()
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs + tensors)
    path.write_bytes(header + bytes(-len(header) % 32) + data)
    return path


def _weights() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return (chance.normal(size=shape) * 0.1).astype("<f4")

    def all_of(value: float, *shape: int) -> np.ndarray:
        return np.full(shape, value, "<f4")

    weights = {"token_embd.weight": some(_BYTES + 1, _EMBEDDING), "output_norm.weight": all_of(1, _EMBEDDING)}
    for layer in range(_LAYERS):
        block = {
            "attn_norm.weight": all_of(1, _EMBEDDING),
            "ssm_in.weight": some(2 * _INNER, _EMBEDDING),
            "ssm_conv1d.weight": some(_INNER, _CONVOLUTION),
            "ssm_conv1d.bias": some(_INNER),
            "ssm_x.weight": some(_TIME_STEP + 2 * _STATE, _INNER),
            "ssm_dt.weight": some(_INNER, _TIME_STEP),
            "ssm_dt.bias": some(_INNER),
            "ssm_a": all_of(-1, _INNER, _STATE),
            "ssm_d": all_of(1, _INNER),
            "ssm_out.weight": some(_EMBEDDING, _INNER),
        }
        weights |= {f"blk.{layer}.{name}": numbers for name, numbers in block.items()}
    return weights


def _pairs() -> list[bytes]:
    sizes = {
        "context_length": CONTEXT_TOKENS,
        "embedding_length": _EMBEDDING,
        "feed_forward_length": 0,
        "block_count": _LAYERS,
        "attention.head_count": 0,
        "ssm.conv_kernel": _CONVOLUTION,
        "ssm.inner_size": _INNER,
        "ssm.state_size": _STATE,
        "ssm.time_step_rank": _TIME_STEP,
    }
    kinds = [1] * _BYTES + [3]
    return [
        pair("general.architecture", "mamba"),
        *(pair(f"mamba.{name}", size) for name, size in sizes.items()),
        text("mamba.attention.layer_norm_rms_epsilon") + struct.pack("<If", 6, 1e-5),
        pair("tokenizer.ggml.model", "gpt2"),
        pair("tokenizer.ggml.pre", "gpt-2"),
        string_array("tokenizer.ggml.tokens", [*_byte_names(), "<|endoftext|>"]),
        text("tokenizer.ggml.token_type") + struct.pack(f"<IIQ{len(kinds)}i", 9, 5, len(kinds), *kinds),
        string_array("tokenizer.ggml.merges", ["a b"]),
        pair("tokenizer.ggml.bos_token_id", _BYTES),
        pair("tokenizer.ggml.eos_token_id", _BYTES),
    ]


def _byte_names() -> list[str]:
    """Name the bytes as GPT-2 does: those that print by themselves, the others by letters from 256 on."""
    printing = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in printing else chr(next(others)) for byte in range(_BYTES)]
