"""llama-server, asked as its clients ask it: streamed chat completions, a fresh connection each."""

from __future__ import annotations

import asyncio
import socket
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from benchmarks.engine.answers import Answer, Load
from benchmarks.engine.engine_made import EngineMade
from benchmarks.engine.yardsticks import yardstick_command
from benchmarks.processes import BenchmarkError, running

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 300.0
LOOK_S = 0.1
MOST_LINE_BYTES = 1024 * 1024


class Question(msgspec.Struct, frozen=True):
    """A prompt, and how many tokens its answer shall have."""

    prompt: str
    tokens: int


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int
    completion_tokens: int


class _Chunk(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()
    usage: _Usage | None = None


class LlamaServer:
    """A server that answers."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def ready(self, process: Process) -> None:
        """Wait until the model is loaded."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not await self._is_ready():
                    if process.returncode is not None:
                        raise BenchmarkError(f"llama-server ended with {process.returncode}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise BenchmarkError(f"llama-server was not ready within {START_TIMEOUT_S:.0f} s") from None

    async def _is_ready(self) -> bool:
        try:
            async with self._http.get(f"{self._url}/health") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def answer_all(self, questions: Sequence[Question]) -> Load:
        """Ask all at once; return when all have been answered."""
        return Load(tuple(await asyncio.gather(*(self.answer(question) for question in questions))))

    async def answer(self, question: Question) -> Answer:
        """Ask, greedy, for exactly so many tokens. Raises `BenchmarkError` where others come."""
        asked_at = time.time()
        texts_at: list[float] = []
        usage: _Usage | None = None
        async for chunk in self._chunks(question):
            usage = chunk.usage or usage
            if any(choice.delta.content for choice in chunk.choices):
                texts_at.append(time.time())
        if usage is None or not texts_at or usage.completion_tokens != question.tokens:
            raise BenchmarkError(f"llama-server gave {usage}, not {question.tokens} tokens")
        return Answer(
            asked_at=asked_at,
            first_token_at=texts_at[0],
            last_token_at=texts_at[-1],
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=usage.completion_tokens,
        )

    async def _chunks(self, question: Question) -> AsyncIterator[_Chunk]:
        asked = {
            "messages": [{"role": "user", "content": question.prompt}],
            "max_tokens": question.tokens,
            "ignore_eos": True,
            "samplers": ["top_k"],  # greedy by the shortest way it has
            "top_k": 1,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        async with self._http.post(f"{self._url}/v1/chat/completions", json=asked) as response:
            if response.status != 200:
                raise BenchmarkError(f"llama-server answered {response.status}: {await response.text()}")
            async for line in response.content:
                if line.startswith(b"data: {"):
                    yield msgspec.json.decode(line.removeprefix(b"data: "), type=_Chunk)


@asynccontextmanager
async def llama_server(
    model: Path, slots: int, context_tokens: int, engine: EngineMade, *, is_split: bool = False
) -> AsyncIterator[LlamaServer]:
    """Run a server with so many slots, else made as the engine is, until the block is left.

    Its slots share the context, as the engine's tasks do and as the server does by itself, so that each may
    have all of it; where it `is_split`, as the server does for a number of slots that it is told, each has
    its part.
    """
    port = _free_port()
    batch, (decode_threads, prefill_threads) = str(engine.batch_tokens), engine.threads
    layout = "--no-kv-unified" if is_split else "--kv-unified"
    command = yardstick_command(
        *("llama-server", "-m", str(model), "--device", "none", "--host", "127.0.0.1", "--port", str(port)),
        *("--parallel", str(slots), "-c", str(context_tokens), "-b", batch, "-ub", batch),
        *("-t", str(decode_threads), "-tb", str(prefill_threads), layout, "--no-ui", "--log-disable"),
    )
    connector = aiohttp.TCPConnector(force_close=True)
    timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
    async with (
        running(*command) as process,
        aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=MOST_LINE_BYTES) as http,
    ):
        server = LlamaServer(f"http://127.0.0.1:{port}", http)
        await server.ready(process)
        yield server


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
