"""Where the log goes: JSON lines in a file, 0600, never the terminal that a dashboard draws on."""

from __future__ import annotations

import logging
import logging.handlers
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from structlog.typing import EventDict

from cortensor_tui.node.logs.ring import FilePlace, LogRing
from cortensor_tui.settings import Settings
from cortensor_tui.settings.private_folder import make_private_folder

MOST_BYTES = 10 * 1024 * 1024
KEPT_FILES = 3
MOST_VALUE_CHARS = 8_000
SHORTEST_TOKEN = 8
"""A shorter part of an endpoint's address is no token, and occurs in other words."""
MASK = "(secret)"


def log_to(path: Path, level: str, secrets: Sequence[str] = ()) -> LogRing:
    """Send everything that is logged to the file, rotated by size; return where the newest lines are kept.

    Long values are cut, with their length said, and none of the `secrets` is ever written.
    """
    make_private_folder(path.parent)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    ring = LogRing()
    handler = _LogFile(path, ring)
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Bounded(secrets),
                structlog.processors.JSONRenderer(),  # control characters of foreign text are escaped
            ],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,  # which asks for the level each time: it may change
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return ring


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return what the settings hold that no line may have: keys, and what endpoints are asked with."""
    keys = [
        key.reveal() for key in (settings.node_private_key, settings.owner_private_key) if key is not None
    ]
    found = [*keys, *(key.removeprefix("0x") for key in keys)]
    for url in (*settings.rpc_urls, settings.head_feed or "", *settings.ipfs_urls):
        parts = urlsplit(url)
        tokens = (parts.path.strip("/"), parts.query, parts.password or "", parts.username or "")
        found += [token for token in tokens if len(token) >= SHORTEST_TOKEN]
    return tuple(found)


class _Bounded:
    """Cuts every value to a length, and masks the secrets in it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(sorted(set(secrets), key=len, reverse=True))

    def __call__(self, logger: object, method: str, event_dict: EventDict) -> EventDict:
        return {name: self._value(value) for name, value in event_dict.items()}

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, dict):
            return {str(name): self._value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(one) for one in value]
        text = value if isinstance(value, str) else str(value)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        if len(text) > MOST_VALUE_CHARS:
            return f"{text[:MOST_VALUE_CHARS]}… ({len(text):,} characters)"
        return text


class _LogFile(logging.handlers.RotatingFileHandler):
    """The file, and the ring of its newest lines, which goes on when the disk is full."""

    def __init__(self, path: Path, ring: LogRing) -> None:
        super().__init__(
            path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="replace"
        )
        self._ring = ring

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line and keep it; called under the handler's lock."""
        before = self._place()
        super().emit(record)
        after = self._place()
        if before is not None and after is not None and before.file != after.file:
            before = FilePlace(after.file, 0)  # rotated: the line is the new file's first
        self._ring.add(self.format(record).encode("utf-8", "replace"), before)

    def _place(self) -> FilePlace | None:
        try:
            found = os.stat(self.baseFilename)
        except OSError:
            return None
        return FilePlace(found.st_ino, found.st_size)
