"""Whether a model server answers: the one question that all of them take."""

from __future__ import annotations

import aiohttp

_LIVENESS, _MODELS = "/health", "/v1/models"


async def is_serving(url: str, answer_s: float) -> bool:
    """Tell whether the server at `url` can be asked for an answer now; it has `answer_s` to say so.

    llama-server and vLLM have /health, which is 503 while a model is loaded; where there is no such page, as
    with Ollama, a list of models is what counts. The connection is new each time, so that none goes stale.
    """
    timeout = aiohttp.ClientTimeout(total=answer_s)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            status = await _status(session, url + _LIVENESS)
            return await _status(session, url + _MODELS) == 200 if status in (404, 405) else status == 200
    except (TimeoutError, aiohttp.ClientError, OSError):
        return False


async def _status(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url, headers={"Connection": "close"}, allow_redirects=False) as answer:
        return answer.status
