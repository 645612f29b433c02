"""All that an answer depends on beside the prompt: what one needs to get the same answer again."""

from __future__ import annotations

import hashlib

import msgspec


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made one answer. None is unknown: an engine that is not ours may not tell.

    `slots` is how many runs the engine takes at once and `slots_busy` how many there were when there were
    most; `reused_tokens` of the prompt were known from an earlier run. `sampler_chain` names the stages that
    chose each token; `gpu_layers` of the model were computed on a GPU. Digests are SHA-256 in hex: of the
    model file, of the chat template's text, of the messages as JSON `[["role","text"],…]`, and of the applied
    parameters as JSON with sorted keys, both without spaces.
    """

    engine: str | None = None
    build: str | None = None
    model_file: str | None = None
    model_sha256: str | None = None
    template_sha256: str | None = None
    context_tokens: int | None = None
    batch_tokens: int | None = None
    decode_threads: int | None = None
    prefill_threads: int | None = None
    slots: int | None = None
    slots_busy: int | None = None
    reused_tokens: int | None = None
    flash_attention: bool | None = None
    kv_type: str | None = None
    gpu_layers: int | None = None
    seed: int | None = None
    sampler_chain: tuple[str, ...] | None = None
    is_reproducible: bool | None = None
    prompt_sha256: str | None = None
    parameters_sha256: str | None = None


def digest_of(value: object) -> str:
    """Return the SHA-256 in hex of a value as JSON with sorted keys and without spaces."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
