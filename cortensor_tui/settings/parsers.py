"""Reading values from text; each parser raises `NotAccepted` with what is wrong."""

from __future__ import annotations

import os
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from cortensor_tui.settings.model import (
    AllSessions,
    AuthorizedSessions,
    ListedSessions,
    OwnSessions,
    SomeSessions,
)
from cortensor_tui.settings.secret import Secret

ALL_THREADS = 99999  # the network's word for "every core"
WEI_PER_ETHER = 10**18
MOST_BLOCKS = 10_000_000
_LARGEST_UINT256 = 2**256 - 1
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_PRIVATE_KEY = re.compile(r"(?:0x|0X)?([0-9a-fA-F]{64})")
_WHOLE = re.compile(r"-?[0-9]{1,78}")
_DECIMAL = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,253}")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}")
_CONTAINER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_LISTED = 1000
Sessions = TypeVar("Sessions", bound=SomeSessions)


class NotAccepted(ValueError):  # noqa: N818 - reads as what it says at every `raise`
    """Raised by a parser: `what` continues a sentence that opens with the key ("is not a number")."""

    def __init__(self, what: str, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def plain(text: str) -> str:
    """Return the text unless it has control characters."""
    if _CONTROL.search(text):
        raise NotAccepted("has control characters or a line break in it")
    return text


def parse_flag(text: str) -> bool:
    """Read 0 or 1; false and true are taken too."""
    word = text.lower()
    if word not in ("0", "1", "false", "true"):
        raise NotAccepted("is neither 0 nor 1")
    return word in ("1", "true")


def parse_address(text: str) -> str | None:
    """Read an address in any case; the zero address is None. Checksums are the node's to check."""
    if not _ADDRESS.fullmatch(text):
        raise NotAccepted("is not an address")
    return text if int(text, 16) else None


def parse_addresses(text: str) -> tuple[str, ...]:
    """Read a list of addresses, each once."""
    found: dict[str, str] = {}
    for part in listed(text):
        address = parse_address(part)
        if address is None:
            raise NotAccepted("lists the zero address")
        found.setdefault(address.lower(), address)
    return tuple(found.values())


def listed(text: str) -> list[str]:
    """Split at commas."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > _MAX_LISTED:
        raise NotAccepted(f"lists more than {_MAX_LISTED}")
    if "" in parts:
        raise NotAccepted("has an empty place in its list")
    return parts


def parse_private_key(text: str) -> Secret:
    """Read a private key into `Secret`, as 0x and 64 small hex digits."""
    match = _PRIVATE_KEY.fullmatch(text)
    if match is None:
        raise NotAccepted("is not a private key")
    if int(match[1], 16) >= _CURVE_ORDER:
        raise NotAccepted("is not a private key: it is beyond the curve's order")
    if int(match[1], 16) == 0:
        raise NotAccepted(
            "is not set yet: it is the zero key of the network's example file",
            "Put the private key of the node's own wallet there",
        )
    return Secret("0x" + match[1].lower())


def parse_token(text: str) -> Secret:
    """Read what a server wants to see in its Authorization header."""
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise NotAccepted("has characters that no access token has")
    return Secret(text)


def parse_url(text: str) -> str:
    """Read an HTTP endpoint; it may carry a token."""
    plain(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise NotAccepted("is not a web address") from None
    is_complete = bool(parts.hostname) and _has_good_port(parts) and " " not in text
    if parts.scheme.lower() in ("ws", "wss"):
        raise NotAccepted(
            "is a WebSocket address; the node asks over HTTP",
            "Most providers answer at the same place with http:// or https://",
        )
    if parts.scheme.lower() not in ("http", "https") or not is_complete:
        raise NotAccepted("is not an http or https address")
    return text


def _has_good_port(parts: SplitResult) -> bool:
    """Tell whether an address names no port, or one that there may be. Raises `NotAccepted` for a number."""
    try:
        return parts.port != 0
    except ValueError:
        raise NotAccepted("has a port that there is not", "Ports are numbers from 1 to 65535") from None


def parse_urls(text: str) -> tuple[str, ...]:
    """Read HTTP endpoints, each once."""
    return tuple(dict.fromkeys(parse_url(part) for part in listed(text)))


def parse_feed(text: str) -> str:
    """Read a WebSocket endpoint, or `off`; it may carry a token."""
    if plain(text).lower() == "off":
        return "off"
    try:
        parts = urlsplit(text)
        is_complete = bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:
        raise NotAccepted("is not a WebSocket address") from None
    if parts.scheme.lower() not in ("ws", "wss") or not is_complete:
        raise NotAccepted("is neither a ws or wss address nor off")
    return text


def parse_authorized(text: str) -> AuthorizedSessions:
    """Read DEDICATED_NODE_AUTHORIZED_SESSIONS."""
    if not text:
        return OwnSessions()
    if text == "*":
        return AllSessions()
    return ListedSessions(_session_ids(text))


def parse_sessions(text: str, kind: type[Sessions]) -> Sessions:
    """Read session ids, or `all`, into the kind of sessions that is asked for."""
    if text.lower() in ("", "all"):
        return kind(is_all=bool(text))
    return kind(_session_ids(text))


def _session_ids(text: str) -> frozenset[int]:
    parts = listed(text)
    for part in parts:
        if not re.fullmatch(r"[0-9]{1,78}", part) or int(part) > _LARGEST_UINT256:
            raise NotAccepted("is not a list of session ids")
    return frozenset(int(part) for part in parts)


def parse_command(text: str) -> tuple[str, ...]:
    """Split a command in words as a shell does, with quotes and without anything else of a shell."""
    try:
        return tuple(shlex.split(plain(text)))
    except ValueError:
        raise NotAccepted("has a quote that is not closed") from None


def parse_image(text: str) -> str:
    """Read the name of a container image, or its number; nothing is none."""
    if text and not _IMAGE.fullmatch(text):
        raise NotAccepted("is not the name of a container image")
    return text


def parse_name_part(text: str) -> str:
    """Read what a container's name may begin with."""
    if text and not _CONTAINER_NAME.fullmatch(text):
        raise NotAccepted("has characters that no container's name has")
    return text


def parse_device_ids(text: str) -> tuple[str, ...]:
    """Read the numbers or names of GPUs."""
    parts = listed(text)
    if not all(_DEVICE_ID.fullmatch(part) for part in parts):
        raise NotAccepted("is not a list of GPUs")
    return tuple(dict.fromkeys(parts))


def parse_host(text: str) -> str:
    """Read a host name or an IP address."""
    if not _HOST.fullmatch(text):
        raise NotAccepted("is not a host name or IP address")
    return text


def parse_prompt(text: str) -> str:
    """Read text that may span lines."""
    if "\x00" in text:
        raise NotAccepted("has a NUL character in it")
    return text


def parse_file_name(text: str) -> str:
    """Read a file name without a folder."""
    if "/" in plain(text) or text in (".", ".."):
        raise NotAccepted("is not a plain file name")
    return text


def parse_path(text: str) -> Path:
    """Read a path and expand ~."""
    try:
        return Path(plain(text)).expanduser()
    except RuntimeError:
        raise NotAccepted("names the home folder of a user who is not there") from None


def whole(text: str, smallest: int, largest: int) -> int:
    """Read a whole number between two bounds, both accepted."""
    if not _WHOLE.fullmatch(text):
        raise NotAccepted("is not a whole number")
    value = int(text)
    if not smallest <= value <= largest:
        raise NotAccepted("is out of range")
    return value


def decimal(text: str, smallest: Decimal, largest: Decimal) -> Decimal:
    """Read a decimal number between two bounds, both accepted; no exponents."""
    if not _DECIMAL.fullmatch(text):
        raise NotAccepted("is not a number")
    value = Decimal(text)
    if not smallest <= value <= largest:
        raise NotAccepted("is out of range")
    return value


def parse_threads(text: str) -> int:
    """Read a number of threads; 99999 becomes the number of cores."""
    count = whole(text, 1, ALL_THREADS)
    return (os.cpu_count() or 1) if count == ALL_THREADS else count


def parse_ether(text: str) -> int:
    """Read an amount of ether into wei, exactly."""
    return int(decimal(text, Decimal(0), Decimal(10**9)) * WEI_PER_ETHER)


def parse_finality(text: str) -> str | int:
    """Return a block tag, or how many blocks on top make a block final."""
    return text.lower() if text.lower() in ("finalized", "safe") else whole(text, 1, MOST_BLOCKS)
