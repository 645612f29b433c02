"""From a run to what a server is asked, and what of the run it has no name for."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.domain.inference import Clamp, Generation, SamplingParams
from cortensor_tui.inference.openai_http.servers import EXTRA_PARAMETERS, Server, ServerKind
from cortensor_tui.inference.problems import prompt_no_text
from cortensor_tui.inference.prompts import Messages

RAW_ROLE = "raw"
CHAT_PATH, TEXT_PATH = "/v1/chat/completions", "/v1/completions"
_RANDOM_SEED = 0xFFFFFFFF  # what llama.cpp takes as "choose one", so no seed may become it
_PENALTY_WINDOW_TOKENS = 64
# llama-server has more stages on unless told otherwise; this is the chain of our own engine.
SAMPLER_CHAIN = ("penalties", "top_k", "top_p", "temperature")
_NEUTRAL = {"top_k": 0, "repeat_penalty": 1.0}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted, and each parameter that the server cannot be told, with what holds instead."""

    path: str
    body: bytes
    clamps: tuple[Clamp, ...]
    sampler_chain: tuple[str, ...]


def request_for(generation: Generation, server: Server) -> Request:
    """Return the request of one run. Raises `ProblemError` "prompt_no_text" where it cannot be written."""
    is_raw = _is_raw(generation.messages)
    asked = _asked(generation, server)
    extra, clamps = _extra(generation.params, server.kind)
    is_llama = server.kind is ServerKind.LLAMA_SERVER
    if is_llama:
        asked |= _of_llama_server(generation, is_raw=is_raw)
    try:
        body = msgspec.json.encode({**asked, **extra})
    except UnicodeEncodeError as error:
        raise prompt_no_text() from error
    return Request(
        path=TEXT_PATH if is_raw else CHAT_PATH,
        body=body,
        clamps=clamps,
        sampler_chain=SAMPLER_CHAIN if is_llama else (),
    )


def prompt_of(messages: Messages) -> dict[str, Any]:
    """Return the part of a request that is the prompt: a text as it stands, or a chat."""
    if _is_raw(messages):
        return {"prompt": messages[0][1]}
    return {"messages": [{"role": role, "content": text} for role, text in messages]}


def _is_raw(messages: Messages) -> bool:
    return len(messages) == 1 and messages[0][0] == RAW_ROLE


def _asked(generation: Generation, server: Server) -> dict[str, Any]:
    params = generation.params
    return {
        "model": server.model_id,
        **prompt_of(generation.messages),
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "presence_penalty": params.presence_penalty,
        "frequency_penalty": params.frequency_penalty,
        "seed": generation.seed % _RANDOM_SEED,
    }


def _of_llama_server(generation: Generation, *, is_raw: bool) -> dict[str, Any]:
    """Return what only llama-server understands.

    Reused parts of an earlier prompt change an answer, if seldom, so a reproducible run goes without. Its
    reasoning is left in the text: the answer is all that the model wrote, as with our own engine.
    """
    return {
        "cache_prompt": not generation.is_reproducible,
        "return_progress": True,
        "samplers": SAMPLER_CHAIN,
        "repeat_last_n": _PENALTY_WINDOW_TOKENS,
        **({} if is_raw else {"reasoning_format": "none"}),
    }


def _extra(params: SamplingParams, kind: ServerKind) -> tuple[dict[str, Any], tuple[Clamp, ...]]:
    names = EXTRA_PARAMETERS[kind]
    extra = {names[name]: getattr(params, name) for name in _NEUTRAL if name in names}
    clamps = tuple(
        Clamp(
            name=name,
            asked=float(getattr(params, name)),
            applied=float(neutral),
            reason=f"{kind} cannot be told it through OpenAI's interface; its own default holds",
        )
        for name, neutral in _NEUTRAL.items()
        if name not in names and getattr(params, name) != neutral
    )
    return extra, clamps
