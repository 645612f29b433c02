"""News of the chain over a WebSocket, where an endpoint has one.

It makes a look come sooner and tells no truth: what it says, or leaves out, is found out by the look.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import msgspec
import structlog

from cortensor_tui.chain.rpc.client import endpoint_name
from cortensor_tui.chain.rpc.json_rpc import outcome_of, request
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.endpoints import NO_WEBSOCKET, HeadFeedReport
from cortensor_tui.domain.json_nesting import is_nested_deeper_than

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT_S = 10.0
MAX_FRAME_BYTES = 1024 * 1024  # a log holds less than a transaction does
MAX_NESTING = 64
HEARTBEAT_S = 15.0
SILENCE_S = 60.0  # after that the subscription may have been forgotten: subscribe anew
FIRST_PAUSE_S = 0.5  # providers ban clients that reconnect in a tight loop
LONGEST_PAUSE_S = 30.0
ABSENT_PAUSE_S = 600.0  # a server without a WebSocket seldom gets one
_HEADS, _LOGS = 1, 2  # ids of the two requests


class HeadFeed:
    """Follows new heads and the logs of these contracts. `on_news` is called for each log, and after a gap.

    `on_standing` is told True when the feed begins to tell of logs, and False when it no longer does.

    Heads say that the feed lives. They call nobody: a chain may have four a second, and most hold nothing for
    this node.

    `is_guessed` where nobody set it: then an endpoint that has no WebSocket is no loss, and is seldom asked.
    """

    def __init__(
        self,
        url: str,
        addresses: Sequence[str],
        on_news: Callable[[], None],
        on_standing: Callable[[bool], None] = lambda _: None,
        clock: Clock = SYSTEM_CLOCK,
        *,
        is_guessed: bool = False,
    ) -> None:
        self.name = endpoint_name(url)
        self.is_connected = False
        self.error = ""
        self._url = url
        self._addresses = list(addresses)
        self._on_news = on_news
        self._on_standing = on_standing
        self._clock = clock
        self._is_guessed = is_guessed
        self._is_absent = False
        self._connected_at: float | None = None
        self._news_at: float | None = None
        self._news = self._losses = 0

    @property
    def health(self) -> str:
        """Return how it stands, in a few words."""
        if self.is_connected:
            return "connected"
        if self._is_absent:
            return NO_WEBSOCKET
        return f"lost: {self.error}" if self.error else "connecting"

    def report(self) -> HeadFeedReport:
        """Return it in full."""
        return HeadFeedReport(
            name=self.name,
            health=self.health,
            connected_at=self._connected_at if self.is_connected else None,
            news_at=self._news_at,
            news=self._news,
            losses=self._losses,
        )

    async def run(self) -> None:
        """Keep following until cancelled; what is lost is subscribed anew, after a longer pause each time."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._follow()
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
                self._lost(error)
                if self.is_connected:
                    pause_s = FIRST_PAUSE_S
                if isinstance(error, aiohttp.WSServerHandshakeError):
                    # whoever answers there has no WebSocket
                    pause_s = ABSENT_PAUSE_S if self._is_absent else LONGEST_PAUSE_S
            except Exception as error:  # a fault of ours: it shows, and without news looks come late
                self._lost(error)
                log.error(
                    "head feed failed", endpoint=self.name, fault=type(error).__name__, at=_place(error)
                )
            finally:
                self.is_connected = False
                self._on_standing(False)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _follow(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                socket = await session.ws_connect(
                    self._url,
                    max_msg_size=MAX_FRAME_BYTES,
                    heartbeat=HEARTBEAT_S,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
            async with socket:
                await socket.send_json(request(("eth_subscribe", ("newHeads",)), _HEADS))
                wanted = {"address": self._addresses}
                await socket.send_json(request(("eth_subscribe", ("logs", wanted)), _LOGS))
                await self._listen(socket)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        subscriptions: dict[int, str] = {}
        while True:
            async with asyncio.timeout(SILENCE_S):
                frame = await socket.receive()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                raise ValueError("the feed was closed")
            message = _decoded(frame.data)
            number = message.get("id")
            if number in (_HEADS, _LOGS):
                subscriptions[number] = _subscription(message)
                if len(subscriptions) == 2:
                    self._subscribed()
            elif self.is_connected and _notified(message) == subscriptions[_LOGS]:
                self._news, self._news_at = self._news + 1, self._clock.now()
                self._on_news()

    def _subscribed(self) -> None:
        log.info("head feed connected", endpoint=self.name)
        self.is_connected, self.error, self._is_absent = True, "", False
        self._connected_at = self._clock.now()
        self._on_standing(True)
        self._on_news()  # whatever happened while nobody listened

    def _lost(self, error: Exception) -> None:
        why = "it is silent" if isinstance(error, TimeoutError) else _words(error)
        self._is_absent = self._is_guessed and _says_none(error)
        if why != self.error and self._is_absent:
            log.info("no WebSocket there, looking at intervals", endpoint=self.name)
        elif why != self.error:
            log.warning("head feed lost, looking at intervals", endpoint=self.name, why=why)
        self.error = why
        self._losses += self.is_connected


def _decoded(text: str) -> dict[str, Any]:
    body = text.encode("utf-8", "surrogatepass")
    if is_nested_deeper_than(body, MAX_NESTING):
        raise ValueError("a message was nested too deeply")
    message = msgspec.json.decode(body)  # its errors are ValueErrors
    if not isinstance(message, dict):
        raise ValueError("a message was no object")
    return message


def _subscription(message: dict[str, Any]) -> str:
    outcome = outcome_of(message)
    if not isinstance(outcome, str):
        raise ValueError("it refused to subscribe")
    return outcome


def _notified(message: dict[str, Any]) -> object:
    params = message.get("params")
    return params.get("subscription") if isinstance(params, dict) else None


def _says_none(error: Exception) -> bool:
    """Tell whether the server speaks HTTP only. One in trouble may speak more once that is over."""
    return isinstance(error, aiohttp.WSServerHandshakeError) and error.status < 500 and error.status != 429


def _words(error: Exception) -> str:
    """Return what went wrong without the URL, whose path may hold a token."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status} instead of a WebSocket"
    if isinstance(error, msgspec.DecodeError | UnicodeError):
        return "a message was no JSON"
    return str(error) if type(error) is ValueError else type(error).__name__


def _place(error: Exception) -> str:
    """Return where it was raised; its words, and a traceback's, may hold the URL."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name}:{frame.lineno}"
