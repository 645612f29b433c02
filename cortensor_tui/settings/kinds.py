"""Kinds of values: how each is read from text, written back, and shown."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from cortensor_tui.settings import parsers
from cortensor_tui.settings.model import (
    AllSessions,
    AuthorizedSessions,
    OwnSessions,
    PrivateSessions,
    ReproducibleSessions,
)
from cortensor_tui.settings.secret import HIDDEN, Secret

T = TypeVar("T")


class Kind(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A kind of value: `parse` raises `NotAccepted`, `render` is its inverse, `show` is for people."""

    accepted: str
    parse: Callable[[str], T]
    render: Callable[[T], str]
    show: Callable[[T], str] | None = None

    def shown(self, value: T) -> str:
        """Return the value as it may be printed anywhere."""
        return (self.show or self.render)(value)


def mask_url(url: str) -> str:
    """Return an endpoint without what may be a token: scheme, host and port only, `…` for the rest."""
    try:
        parts = urlsplit(url)
        place = parts.hostname or ""
        if (port := _port_of(parts)) is not None:
            place += f":{port}"
    except ValueError:
        return HIDDEN
    has_more = parts.path.strip("/") or parts.query or parts.username or parts.fragment
    return f"{parts.scheme}://{place}{'/…' if has_more else ''}"


def _port_of(parts: SplitResult) -> int | None:
    """Return the number after the host, also one that no port has. Raises `ValueError` for other signs."""
    try:
        return parts.port
    except ValueError:
        digits = parts.netloc.rpartition(":")[2]
        if "@" in parts.netloc or not digits.isascii() or not digits.isdecimal() or len(digits) > 6:
            raise
        return int(digits)


def _render_authorized(value: AuthorizedSessions) -> str:
    if isinstance(value, OwnSessions):
        return ""
    if isinstance(value, AllSessions):
        return "*"
    return ",".join(str(session_id) for session_id in sorted(value.session_ids))


def _plainly(value: float | Decimal) -> str:
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(smallest: int, largest: int) -> Kind[int]:
    """Return the kind of whole numbers between two bounds, both accepted."""
    return Kind(
        accepted=f"a whole number from {smallest} to {largest}",
        parse=lambda text: parsers.whole(text, smallest, largest),
        render=str,
    )


def decimal(smallest: str, largest: str, unit: str) -> Kind[float]:
    """Return the kind of numbers with a decimal point between two bounds, both accepted."""
    return Kind(
        accepted=f"{unit} from {smallest} to {largest}",
        parse=lambda text: float(parsers.decimal(text, Decimal(smallest), Decimal(largest))),
        render=_plainly,
    )


def unless(word: str, meaning: str, kind: Kind[T]) -> Kind[T | None]:
    """Return a kind that also takes one word, read as None."""
    return Kind(
        accepted=f"{kind.accepted}; {word} for {meaning}",
        parse=lambda text: None if text == word else kind.parse(text),
        render=lambda value: word if value is None else kind.render(value),
    )


def optional(kind: Kind[T]) -> Kind[T | None]:
    """Return a kind whose unset value is None, shown as nothing."""
    return Kind(
        accepted=kind.accepted,
        parse=kind.parse,
        render=lambda value: "" if value is None else kind.render(value),
        show=lambda value: "" if value is None else kind.shown(value),
    )


def one_of(*words: str) -> Kind[str]:
    """Return the kind of a choice between words."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise parsers.NotAccepted("is none of the words it takes")
        return text.lower()

    return Kind(accepted=" or ".join(words), parse=parse, render=str)


def some_sessions(which: type[parsers.Sessions]) -> Kind[parsers.Sessions]:
    """Return the kind of sessions that are named by their ids, or are all there are."""
    return Kind(
        accepted="session ids with commas between, such as 0,1,2; all for every session",
        parse=lambda text: parsers.parse_sessions(text, which),
        render=lambda value: value.text,
    )


FLAG: Kind[bool] = Kind(accepted="0 or 1", parse=parsers.parse_flag, render=lambda value: str(int(value)))
ADDRESS: Kind[str | None] = Kind(
    accepted="0x and 40 hex digits; all zeros for unknown",
    parse=parsers.parse_address,
    render=lambda value: "0x" + "0" * 40 if value is None else value,
    show=lambda value: value or "",
)
ADDRESSES: Kind[tuple[str, ...]] = Kind(
    accepted="addresses (0x and 40 hex digits) with commas between",
    parse=parsers.parse_addresses,
    render=",".join,
)
PRIVATE_KEY: Kind[Secret] = Kind(
    accepted="64 hex digits, with or without 0x",
    parse=parsers.parse_private_key,
    render=lambda value: value.reveal(),
    show=str,
)
TOKEN: Kind[Secret] = Kind(
    accepted="printable ASCII without spaces",
    parse=parsers.parse_token,
    render=lambda value: value.reveal(),
    show=str,
)
URL: Kind[str] = Kind(
    accepted="an http:// or https:// address", parse=parsers.parse_url, render=str, show=mask_url
)
URLS: Kind[tuple[str, ...]] = Kind(
    accepted="http:// or https:// addresses with commas between",
    parse=parsers.parse_urls,
    render=",".join,
    show=lambda urls: ", ".join(mask_url(url) for url in urls),
)
FEED: Kind[str | None] = Kind(
    accepted="a ws:// or wss:// address, or off",
    parse=parsers.parse_feed,
    render=lambda value: value or "",
    show=lambda value: "" if value is None else value if value == "off" else mask_url(value),
)
AUTHORIZED: Kind[AuthorizedSessions] = Kind(
    accepted="session ids with commas between, such as 0,1,2; * for every session; nothing for your own",
    parse=parsers.parse_authorized,
    render=_render_authorized,
)
PRIVATE: Kind[PrivateSessions] = some_sessions(PrivateSessions)
REPRODUCIBLE: Kind[ReproducibleSessions] = some_sessions(ReproducibleSessions)
HOST_NAME: Kind[str] = Kind(accepted="a host name or an IP address", parse=parsers.parse_host, render=str)
PORT = whole(1, 65535)
IMAGE: Kind[str] = Kind(
    accepted="an image's name with its registry and tag, or a number", parse=parsers.parse_image, render=str
)
NAME_PART: Kind[str] = Kind(
    accepted="letters, digits, and . _ - after the first of them", parse=parsers.parse_name_part, render=str
)
DEVICE_IDS: Kind[tuple[str, ...]] = Kind(
    accepted="numbers or names of GPUs with commas between",
    parse=parsers.parse_device_ids,
    render=",".join,
)
COMMAND: Kind[tuple[str, ...]] = Kind(
    accepted="words on one line, quoted as in a shell", parse=parsers.parse_command, render=shlex.join
)
WORDS: Kind[str] = Kind(accepted="text on one line", parse=parsers.plain, render=str)
PROMPT: Kind[str] = Kind(accepted="text; may span lines when quoted", parse=parsers.parse_prompt, render=str)
FILE_NAME: Kind[str] = Kind(
    accepted="a file name without a folder", parse=parsers.parse_file_name, render=str
)
PATH: Kind[Path] = Kind(
    accepted="a path; ~ is your home, a relative one counts from the settings file's folder",
    parse=parsers.parse_path,
    render=str,
)
THREADS: Kind[int | None] = unless(
    "-1",
    "what suits the machine",
    Kind(
        accepted=f"a number of threads from 1; {parsers.ALL_THREADS} for all cores",
        parse=parsers.parse_threads,
        render=str,
    ),
)
FINALITY: Kind[str | int | None] = Kind(
    accepted=f"finalized or safe, as the endpoint says, or a number of blocks to {parsers.MOST_BLOCKS}",
    parse=parsers.parse_finality,
    render=lambda value: "" if value is None else str(value),
)
ETHER: Kind[int] = Kind(
    accepted="an amount of ether, such as 0.05",
    parse=parsers.parse_ether,
    render=lambda wei: _plainly(Decimal(wei) / parsers.WEI_PER_ETHER),
)

AnyKind = Kind[Any]
