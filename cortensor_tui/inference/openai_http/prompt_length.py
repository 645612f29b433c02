"""How many tokens a prompt takes, of a server that refuses an answer's limit for which there is no room.

vLLM does (docs.vllm.ai: max_tokens and the prompt together are at most max_model_len), and has /tokenize for
chats as well as for text. llama-server ends the answer where its context is full.
"""

from __future__ import annotations

import msgspec

from cortensor_tui.inference.openai_http.exchange import Exchange
from cortensor_tui.inference.openai_http.faults import ServerError
from cortensor_tui.inference.openai_http.requests import prompt_of
from cortensor_tui.inference.openai_http.servers import Server, ServerKind
from cortensor_tui.inference.prompts import Messages

TOKENIZE_PATH = "/tokenize"
_MOST_TOKENS = 2**31


async def prompt_length(
    exchange: Exchange, server: Server, messages: Messages, answer_s: float
) -> int | None:
    """Return the length in tokens, template included, None where the server does not count."""
    if server.kind is not ServerKind.VLLM:
        return None
    body = msgspec.json.encode({"model": server.model_id, **prompt_of(messages)})
    try:
        answer = await exchange.post_whole(TOKENIZE_PATH, body, answer_s)
    except ServerError:
        return None  # an older version; what it refused stands
    count = answer.get("count") if isinstance(answer, dict) else None
    return count if type(count) is int and 0 <= count < _MOST_TOKENS else None
