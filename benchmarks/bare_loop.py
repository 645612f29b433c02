"""The yardstick: llama-cpp-python's own loop and nothing around it.

Run as `python -m benchmarks.bare_loop MODEL CONTEXT_TOKENS DECODE_THREADS PREFILL_THREADS`. It loads
the model once, then takes one `Ask` a line on stdin and answers each with one `Told` on stdout.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # the benchmark itself takes only the messages from here
    from llama_cpp import Llama


class Ask(msgspec.Struct, frozen=True):
    """One run: greedy, from an empty context."""

    prompt: str
    tokens: int


class Told(msgspec.Struct, frozen=True):
    """What came out; `tokens_per_s` counts the tokens after the first, `first_token_s` from the start."""

    text: str
    prompt_tokens: int
    answer_tokens: int
    tokens_per_s: float
    first_token_s: float


def main(model_path: str, context_tokens: int, decode_threads: int, prefill_threads: int) -> None:
    """Serve until stdin ends."""
    from llama_cpp import Llama

    llama = Llama(
        model_path=model_path,
        n_ctx=context_tokens,
        n_threads=decode_threads,
        n_threads_batch=prefill_threads,
        flash_attn=True,  # the node's engine has it too: llama.cpp's default is "where possible"
        verbose=False,
    )
    for line in sys.stdin:
        ask = msgspec.json.decode(line, type=Ask)
        told = generate(llama, rendered(llama, ask.prompt), ask.tokens)
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()


def rendered(llama: Llama, prompt: str) -> list[int]:
    """Return the tokens of one user message in the model's own chat template."""
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata["tokenizer.chat_template"]
    # Token text, not `detokenize`, which leaves control tokens out.
    end, begin = (llama._model.token_get_text(token) for token in (llama.token_eos(), llama.token_bos()))
    formatter = Jinja2ChatFormatter(template, end, begin)
    text = formatter(messages=[{"role": "user", "content": prompt}]).prompt
    return list(llama.tokenize(text.encode(), add_bos=False, special=True))


def generate(llama: Llama, prompt: list[int], tokens: int) -> Told:
    """Run the loop and time each token as it is sampled, as the node's engine does."""
    llama.reset()  # type: ignore[no-untyped-call]  # or it would reuse the last run's prompt, which the engine does not
    times: list[float] = []
    text = bytearray()
    began_s = time.monotonic()
    for token in llama.generate(prompt, temp=0.0, repeat_penalty=1.0):
        if token == llama.token_eos():
            break
        times.append(time.monotonic())
        text += llama.detokenize([token])
        if len(times) == tokens:
            break
    return Told(
        text=text.decode("utf-8", "replace"),
        prompt_tokens=len(prompt),
        answer_tokens=len(times),
        tokens_per_s=(len(times) - 1) / (times[-1] - times[0]),
        first_token_s=times[0] - began_s,
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
