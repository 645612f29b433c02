"""What llama.cpp itself says: warnings and errors to standard error, the rest to nowhere."""

from __future__ import annotations

import os

import llama_cpp.llama_cpp as native

from cortensor_tui.domain.inert import inert

_WARN, _ERROR, _CONTINUED = (
    3,
    4,
    5,
)  # ggml.h, enum ggml_log_level; the binding's own table of them is an older one
_STDERR = 2
_FLASH_ATTENTION = b"Flash Attention "  # "... enabled" or "... not supported, set to disabled"


class LlamaLog:
    """Takes llama.cpp's log for as long as this object lives; the binding would print every line of it."""

    def __init__(self) -> None:
        self.first_error = ""  # the cause; those that follow are its consequences
        self.flash_attention: bool | None = None  # llama.cpp decides it, and tells it nowhere else
        self._level = 0
        self._callback = native.llama_log_callback(self._on_log)
        native.llama_log_set(self._callback, None)

    def _on_log(self, level: int, text: bytes, _: object) -> None:
        if level != _CONTINUED:
            self._level = level
        if self._level >= _WARN:
            os.write(_STDERR, text)
        if _FLASH_ATTENTION in text:
            self.flash_attention = b"enabled" in text
        if level == _ERROR and not self.first_error:
            self.first_error = inert(text.decode("utf-8", "replace").strip(), 300)
