"""Chooses each token of one run from what the model says of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import llama_cpp.llama_cpp as native

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.inference.llama.context import Context

Handle = Any

PENALTY_WINDOW_TOKENS = 64  # llama.cpp's own default
_RANDOM_SEED = 0xFFFFFFFF  # what llama.cpp takes as "choose one", so no seed may become it
_LIKELIEST = ("greedy",)


class Sampler:
    """llama.cpp's sampler chain of one run, `names` in its order; `close` frees it.

    There is no chain where the likeliest token is taken and nothing is penalised: looking for the largest
    number gives the same token, and copies nothing.
    """

    def __init__(self, context: Context, params: SamplingParams, seed: int) -> None:
        stages = list(_stages(params, seed, context.vocabulary_tokens))
        self.names = tuple(name for name, _ in stages)
        self._context = context
        self._chain: Handle | None = None
        if self.names != _LIKELIEST:
            self._chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
            for _, make in stages:
                native.llama_sampler_chain_add(self._chain, make())

    def choose(self, index: int) -> int:
        """Return the token after number `index` of the last batch, which has an outcome."""
        if self._chain is None:
            return int(self._context.outcome(index).argmax())
        return int(native.llama_sampler_sample(self._chain, self._context.handle, index))

    def close(self) -> None:
        """Free what llama.cpp holds for it. Safe to call twice."""
        chain, self._chain = self._chain, None
        if chain is not None:
            native.llama_sampler_free(chain)


def _stages(params: SamplingParams, seed: int, vocab_tokens: int) -> Iterator[tuple[str, Any]]:
    """Yield (name, how to make it) in llama.cpp's own order: penalties, top-k, top-p, temperature, draw."""
    penalties = (params.repeat_penalty, params.frequency_penalty, params.presence_penalty)
    if penalties != (1.0, 0.0, 0.0):
        window = PENALTY_WINDOW_TOKENS
        yield "penalties", lambda: native.llama_sampler_init_penalties(vocab_tokens, window, *penalties)
    if params.temperature <= 0:
        yield "greedy", native.llama_sampler_init_greedy
        return
    yield "top-k", lambda: native.llama_sampler_init_top_k(params.top_k)
    yield "top-p", lambda: native.llama_sampler_init_top_p(params.top_p, 1)
    yield "temp", lambda: native.llama_sampler_init_temp(params.temperature)
    yield "dist", lambda: native.llama_sampler_init_dist(seed % _RANDOM_SEED)
