"""A loaded model's vocabulary: from messages to tokens, and from tokens to bytes."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
from typing import Any

import llama_cpp.llama_cpp as native
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.llama.answer import unmistakable
from cortensor_tui.inference.llama.chat_template import Messages, fragments, render_chat
from cortensor_tui.inference.llama.time_limit import time_limit
from cortensor_tui.inference.problems import prompt_too_long, template_missing
from cortensor_tui.inference.prompts import RAW_ROLE

Handle = Any
"""A pointer of llama.cpp's, opaque here."""

_PLENTY_BYTES_A_TOKEN = 32
_MOST_PIECES = 8192  # a text repeats its tokens, and asking llama.cpp for one takes 10 us
_TEMPLATE_S = 3.0  # one takes milliseconds; the other runs stand still meanwhile


class Vocabulary:
    """Turns prompts into tokens and tokens into bytes. `context_tokens` bounds what is worth tokenising."""

    def __init__(self, model: Handle, context_tokens: int) -> None:
        self._vocab = native.llama_model_get_vocab(model)
        self._context_tokens = context_tokens
        self.tokens = int(native.llama_vocab_n_tokens(self._vocab))
        template = native.llama_model_chat_template(model, None)
        self._template = None if template is None else template.decode("utf-8", "replace")
        self._control, self._trims = self._control_tokens()
        self._ends = frozenset(filter(self._ends_turn, range(self.tokens)))
        self._pieces: dict[int, bytes] = {}
        self._buffer = ctypes.create_string_buffer(256)
        self._formatter: Jinja2ChatFormatter | None = None
        self._longest_piece: int | None = None

    @property
    def template_sha256(self) -> str:
        """Return the digest of the chat template's text, "" where the model has none."""
        return "" if self._template is None else hashlib.sha256(self._template.encode()).hexdigest()

    @property
    def begin_token(self) -> int:
        """Return the token that begins a text, or the first of all where there is none."""
        return max(0, int(native.llama_vocab_bos(self._vocab)))

    @property
    def end_texts(self) -> tuple[str, ...]:
        """Return the texts of the control tokens that end a turn: a model may spell one out."""
        return unmistakable(text for text, token in self._control.items() if self.is_end(token))

    def is_end(self, token: int) -> bool:
        """Tell whether a token ends the model's turn."""
        return token in self._ends

    def piece(self, token: int) -> bytes:
        """Return a token's bytes: none, or the middle of a character, among others."""
        known = self._pieces.get(token)
        if known is None:
            if len(self._pieces) >= _MOST_PIECES:
                self._pieces.clear()
            known = self._pieces[token] = self._piece_of(token)
        return known

    def _ends_turn(self, token: int) -> bool:
        return bool(native.llama_vocab_is_eog(self._vocab, token))

    def _piece_of(self, token: int) -> bytes:
        size = native.llama_token_to_piece(self._vocab, token, self._buffer, len(self._buffer), 0, False)
        if size < 0:
            self._buffer = ctypes.create_string_buffer(-size)
            size = native.llama_token_to_piece(self._vocab, token, self._buffer, -size, 0, False)
        return self._buffer.raw[:size]

    def warm_up(self) -> None:
        """Parse the chat template, so that the first prompt is not the one to wait for it.

        One that fails is told when a prompt needs it: raw prompts do not.
        """
        with contextlib.suppress(ProblemError):
            self.tokenize((("user", "Hello"),))

    def tokenize(self, messages: Messages) -> list[int]:
        """Return the prompt's tokens. Raises `ProblemError`, "prompt_too_long" among others."""
        self._check_size(sum(len(text.encode()) for _, text in messages))
        if len(messages) == 1 and messages[0][0] == RAW_ROLE:
            return self._with_bos(self._tokenize_text(messages[0][1]))
        return self._with_bos(self._tokenize_chat(messages))

    def _tokenize_chat(self, messages: Messages) -> list[int]:
        if self._template is None:
            raise template_missing()
        tokens: list[int] = []
        parts = fragments(render_chat(messages, self._render), self._control)
        for index, (token, text) in enumerate(parts):
            if token is not None:
                tokens.append(token)
                continue
            before = parts[index - 1][0] if index > 0 else None
            after = parts[index + 1][0] if index + 1 < len(parts) else None
            tokens += self._tokenize_text(self._trimmed(text, before, after))
        return tokens

    def _render(self, conversation: list[dict[str, str]]) -> str:
        if self._formatter is None:  # built here, since a template may fail already while it is parsed
            ends = self._token_text("eos"), self._token_text("bos")
            self._formatter = Jinja2ChatFormatter(self._template or "", *ends)
        with time_limit(_TEMPLATE_S):
            return str(self._formatter(messages=conversation).prompt)  # type: ignore[arg-type]

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
        if prompt_bytes <= self._context_tokens * _PLENTY_BYTES_A_TOKEN:
            return
        if self._longest_piece is None:
            texts = (native.llama_vocab_get_text(self._vocab, token) for token in range(self.tokens))
            self._longest_piece = max(len(text or b"") for text in texts)
        if prompt_bytes > self._context_tokens * self._longest_piece:
            at_least = prompt_bytes // self._longest_piece
            raise prompt_too_long(f"It takes more than {at_least} tokens", self._context_tokens)

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
        for token in range(self.tokens):
            attributes = native.llama_vocab_get_attr(self._vocab, token)
            if not attributes & parsed:
                continue
            text = (native.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace")
            if text:
                control.setdefault(text, token)
            if attributes & trimming:
                trims[token] = attributes
        return control, trims
