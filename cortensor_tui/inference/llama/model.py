"""llama.cpp through its C interface: load, tokenise, prefill, sample. Lives in the engine process only.

The low-level interface is used rather than `llama_cpp.Llama`, which has no load progress, no way to stop
in the middle of a prompt, and reuses the last prompt's state: an answer would depend on what was asked
before it. Here every run starts from an empty context, so that the same seed gives the same answer.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import llama_cpp.llama_cpp as native
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.inference.llama.chat_template import Messages, fragments, render_chat
from cortensor_tui.inference.llama.log import LlamaLog
from cortensor_tui.inference.llama.wire import Load
from cortensor_tui.inference.problems import (
    OTHER_MODEL_REMEDY,
    decode_failed,
    model_load_failed,
    prompt_too_long,
    template_missing,
)

RAW_ROLE = "raw"

Handle = Any
"""A pointer of llama.cpp's, opaque here."""

_PENALTY_WINDOW_TOKENS = 64  # llama.cpp's own default
_RANDOM_SEED = 0xFFFFFFFF  # what llama.cpp takes as "choose one", so no seed may become it
_ALL_LAYERS = 0x7FFFFFFF
_ABORTED = 2
_PLENTY_BYTES_A_TOKEN = 32


class LlamaModel:
    """A loaded model with one context. Raises `ProblemError` "model_load_failed" from the constructor."""

    def __init__(self, load: Load, log: LlamaLog, on_progress: Callable[[float], None]) -> None:
        self._log = log  # kept alive: C code calls it as long as there is a model
        native.llama_backend_init()
        self._model = _load_weights(load, log, on_progress)
        self._vocab = native.llama_model_get_vocab(self._model)
        self._context = self._make_context(load)
        self._memory = native.llama_get_memory(self._context)
        self._batch_tokens = min(load.batch_tokens, native.llama_n_batch(self._context))
        self.context_tokens = int(native.llama_n_ctx_seq(self._context))
        self._control, self._trims = self._control_tokens()
        self._piece = ctypes.create_string_buffer(256)
        self._longest_piece: int | None = None
        self._warm_up()

    # --- prompt ----------------------------------------------------------------------------------

    def tokenize(self, messages: Messages) -> list[int]:
        """Return the prompt's tokens. Raises `ProblemError`, "prompt_too_long" among others."""
        self._check_size(sum(len(text.encode()) for _, text in messages))
        if len(messages) == 1 and messages[0][0] == RAW_ROLE:
            return self._with_bos(self._tokenize_text(messages[0][1]))
        return self._with_bos(self._tokenize_chat(messages))

    def _tokenize_chat(self, messages: Messages) -> list[int]:
        template = native.llama_model_chat_template(self._model, None)
        if template is None:
            raise template_missing()
        source = template.decode("utf-8", "replace")

        def render(conversation: list[dict[str, str]]) -> str:
            # Built here, because a template may fail already while it is parsed.
            formatter = Jinja2ChatFormatter(source, self._token_text("eos"), self._token_text("bos"))
            return str(formatter(messages=conversation).prompt)  # type: ignore[arg-type]

        tokens: list[int] = []
        parts = fragments(render_chat(messages, render), self._control)
        for index, (token, text) in enumerate(parts):
            if token is not None:
                tokens.append(token)
                continue
            before = parts[index - 1][0] if index > 0 else None
            after = parts[index + 1][0] if index + 1 < len(parts) else None
            tokens += self._tokenize_text(self._trimmed(text, before, after))
        return tokens

    def _trimmed(self, text: str, before: int | None, after: int | None) -> str:
        """Drop the white space that the control tokens on either side swallow, as llama.cpp does."""
        if self._trims.get(before, 0) & native.LLAMA_TOKEN_ATTR_RSTRIP:
            text = text.lstrip()
        if self._trims.get(after, 0) & native.LLAMA_TOKEN_ATTR_LSTRIP:
            text = text.rstrip()
        return text

    def _tokenize_text(self, text: str) -> list[int]:
        """Tokenise with no control tokens parsed.

        llama.cpp still recognises a vocabulary's "user defined" tokens (runs of spaces, say, or a
        reasoning mark): its interface cannot turn that off, and none of them ends a turn.
        """
        data = text.encode()
        room = len(data) + 16
        while True:
            buffer = (native.llama_token * room)()
            count = native.llama_tokenize(self._vocab, data, len(data), buffer, room, False, False)
            if count >= 0:
                return list(buffer[:count])
            room = -count

    def _with_bos(self, tokens: list[int]) -> list[int]:
        bos = native.llama_vocab_bos(self._vocab)
        wants_bos = native.llama_vocab_get_add_bos(self._vocab) and bos >= 0
        if (wants_bos and tokens[:1] != [bos]) or (not tokens and bos >= 0):
            return [int(bos), *tokens]  # an empty prompt has nothing else to start from
        return tokens

    def _check_size(self, prompt_bytes: int) -> None:
        """Refuse before tokenising what no tokeniser could fit, since that time grows with the text."""
        if prompt_bytes <= self.context_tokens * _PLENTY_BYTES_A_TOKEN:
            return
        if self._longest_piece is None:
            count = native.llama_vocab_n_tokens(self._vocab)
            texts = (native.llama_vocab_get_text(self._vocab, token) for token in range(count))
            self._longest_piece = max(len(text or b"") for text in texts)
        if prompt_bytes > self.context_tokens * self._longest_piece:
            at_least = prompt_bytes // self._longest_piece
            raise prompt_too_long(f"It takes more than {at_least} tokens", self.context_tokens)

    def _token_text(self, kind: str) -> str:
        token = (native.llama_vocab_bos if kind == "bos" else native.llama_vocab_eos)(self._vocab)
        text = native.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return (text or b"").decode("utf-8", "replace")

    def _control_tokens(self) -> tuple[dict[str, int], dict[int | None, int]]:
        """Return the control tokens by text, and those that swallow white space by id."""
        parsed = native.LLAMA_TOKEN_ATTR_CONTROL | native.LLAMA_TOKEN_ATTR_UNKNOWN
        trimming = native.LLAMA_TOKEN_ATTR_LSTRIP | native.LLAMA_TOKEN_ATTR_RSTRIP
        control: dict[str, int] = {}
        trims: dict[int | None, int] = {}
        for token in range(native.llama_vocab_n_tokens(self._vocab)):
            attributes = native.llama_vocab_get_attr(self._vocab, token)
            if not attributes & parsed:
                continue
            text = (native.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace")
            if text:
                control.setdefault(text, token)
            if attributes & trimming:
                trims[token] = attributes
        return control, trims

    # --- run -------------------------------------------------------------------------------------

    def prefill(self, tokens: Sequence[int], is_cancelled: Callable[[], bool]) -> bool:
        """Read a prompt into an empty context. Returns False when cancelled on the way."""
        native.llama_memory_clear(self._memory, True)
        # llama.cpp asks at each node of its graph: cheap beside a batch of prompt, but not beside a
        # single token, so decode goes without.
        asked = native.ggml_abort_callback(lambda _: is_cancelled())
        native.llama_set_abort_callback(self._context, asked, None)
        try:
            for start in range(0, len(tokens), self._batch_tokens):
                if is_cancelled() or not self._decode(tokens[start : start + self._batch_tokens]):
                    return False
            native.llama_synchronize(self._context)
        finally:
            native.llama_set_abort_callback(self._context, native.ggml_abort_callback(), None)
        return True

    def pieces(self, params: SamplingParams, seed: int) -> Iterator[bytes]:
        """Sample after a prefill: yield each token's bytes until the model ends its turn.

        The caller stops it at the limit of tokens; nothing is computed ahead. A piece may be empty, or
        end in the middle of a character.
        """
        sampler = _sampler(params, seed, native.llama_vocab_n_tokens(self._vocab))
        next_token = (native.llama_token * 1)()
        batch = native.llama_batch_get_one(next_token, 1)
        try:
            while True:
                token = native.llama_sampler_sample(sampler, self._context, -1)
                if native.llama_vocab_is_eog(self._vocab, token):
                    return
                yield self._piece_of(token)
                next_token[0] = token
                _check_decoded(native.llama_decode(self._context, batch))
        finally:
            native.llama_sampler_free(sampler)

    def _decode(self, tokens: Sequence[int]) -> bool:
        buffer = (native.llama_token * len(tokens))(*tokens)
        status = native.llama_decode(self._context, native.llama_batch_get_one(buffer, len(tokens)))
        if status == _ABORTED:
            return False
        _check_decoded(status)
        return True

    def _piece_of(self, token: int) -> bytes:
        size = native.llama_token_to_piece(self._vocab, token, self._piece, len(self._piece), 0, False)
        if size < 0:
            self._piece = ctypes.create_string_buffer(-size)
            size = native.llama_token_to_piece(self._vocab, token, self._piece, -size, 0, False)
        return self._piece.raw[:size]

    # --- load ------------------------------------------------------------------------------------

    def _make_context(self, load: Load) -> Handle:
        trained = int(native.llama_model_n_ctx_train(self._model))
        params = native.llama_context_default_params()
        params.n_ctx = min(load.context_tokens, trained) if load.context_tokens > 0 else trained
        params.n_batch = params.n_ubatch = min(params.n_ctx, max(1, load.batch_tokens))
        params.n_threads = load.decode_threads
        params.n_threads_batch = load.prefill_threads
        params.no_perf = True
        context = native.llama_init_from_model(self._model, params)
        if context is None:
            raise model_load_failed(
                f"No context of {params.n_ctx} tokens could be made for the model",
                "There is too little memory for it, most likely",
                "Set a smaller LLM_OPTION_CONTEXT_SIZE, or use a smaller model",
            )
        return context

    def _warm_up(self) -> None:
        """Touch every weight once, so that the first prompt is not the one to wait for the disk."""
        native.llama_set_warmup(self._context, True)
        self._decode([max(0, native.llama_vocab_bos(self._vocab))])
        native.llama_synchronize(self._context)
        native.llama_memory_clear(self._memory, True)
        native.llama_set_warmup(self._context, False)


def _load_weights(load: Load, log: LlamaLog, on_progress: Callable[[float], None]) -> Handle:
    def progressed(fraction: float, _: object) -> bool:
        on_progress(fraction)
        return True

    params = native.llama_model_default_params()
    params.n_gpu_layers = _ALL_LAYERS if load.gpu_layers < 0 else load.gpu_layers
    params.load_mode = native.LLAMA_LOAD_MODE_MMAP_MLOCK if load.is_locked else native.LLAMA_LOAD_MODE_MMAP
    params.progress_callback = native.llama_progress_callback(progressed)
    model = native.llama_model_load_from_file(load.model_path.encode(), params)
    if model is None:
        raise model_load_failed(
            "llama.cpp could not load the model",
            log.first_error or "It is damaged, or too big for the memory",
            OTHER_MODEL_REMEDY,
        )
    return model


def _sampler(params: SamplingParams, seed: int, vocab_tokens: int) -> Handle:
    """Build the chain in llama.cpp's own order: penalties, top-k, top-p, temperature, then the draw."""
    chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
    penalties = (params.repeat_penalty, params.frequency_penalty, params.presence_penalty)
    if penalties != (1.0, 0.0, 0.0):
        stage = native.llama_sampler_init_penalties(vocab_tokens, _PENALTY_WINDOW_TOKENS, *penalties)
        native.llama_sampler_chain_add(chain, stage)
    if params.temperature <= 0:
        native.llama_sampler_chain_add(chain, native.llama_sampler_init_greedy())
        return chain
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_top_k(params.top_k))
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_top_p(params.top_p, 1))
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_temp(params.temperature))
    native.llama_sampler_chain_add(chain, native.llama_sampler_init_dist(seed % _RANDOM_SEED))
    return chain


def _check_decoded(status: int) -> None:
    if status != 0:
        raise decode_failed(status)
