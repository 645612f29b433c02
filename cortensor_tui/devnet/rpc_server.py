"""HTTP in front of a table of JSON-RPC methods: single calls and batches, on this machine only.

It answers only to a loopback Host header and to application/json, so that a web page open in a browser on
this machine can neither rebind a name to it nor post a form to it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import msgspec
import structlog
from aiohttp import web

from cortensor_tui.devnet.rpc_methods_errors import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    ErrorObject,
    RpcFault,
)
from cortensor_tui.devnet.rpc_methods_table import MethodTable
from cortensor_tui.domain.json_nesting import is_nested_deeper_than
from cortensor_tui.domain.problems import problem_error

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_BATCH = 1_000
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_NESTING = 64
BODY_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 60.0
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_JSON = "application/json"

_log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()


class RpcServer:
    """Serves one method table over HTTP."""

    def __init__(self, methods: MethodTable) -> None:
        self._methods = methods
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_post("/", self._post)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)
        self.url = ""

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one. Raises ProblemError when the port is taken."""
        listener = _listen(port)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Close the port and the open connections."""
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        if _host_name(request.host) not in _LOOPBACK_HOSTS:
            raise web.HTTPForbidden(text="this chain answers only to 127.0.0.1 and localhost\n")
        if request.content_type != _JSON:
            raise web.HTTPUnsupportedMediaType(text=f"send JSON-RPC as {_JSON}\n")
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout(
                text=f"the body did not come within {BODY_TIMEOUT_S:g} s\n"
            ) from None
        answer = await self.answer(body)
        if answer is None:
            return web.Response(status=204)
        return web.Response(body=answer, content_type=_JSON)

    async def answer(self, body: bytes) -> bytes | None:
        """Return the JSON for a request's body, or None when it holds nothing but notifications."""
        if is_nested_deeper_than(body, MAX_NESTING):
            return _failure(None, ErrorObject(PARSE_ERROR, "parse error: the body is nested too deeply"))
        try:
            message = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _failure(None, ErrorObject(PARSE_ERROR, "parse error: the body is not JSON"))
        deadline = asyncio.get_running_loop().time() + REQUEST_TIMEOUT_S
        if not isinstance(message, list):
            return await self._one(message, deadline)
        if not message:
            return _failure(None, ErrorObject(INVALID_REQUEST, "invalid request: the batch is empty"))
        if len(message) > MAX_BATCH:
            what = f"invalid request: the batch has {len(message)} calls, at most {MAX_BATCH} are taken"
            return _failure(None, ErrorObject(INVALID_REQUEST, what))
        return await self._batch(message, deadline)

    async def _batch(self, messages: list[Any], deadline: float) -> bytes | None:
        answers: list[bytes] = []
        room = MAX_ANSWER_BYTES
        for message in messages:
            if room <= 0:
                error = ErrorObject(LIMIT_EXCEEDED, "the batch's answer is too large")
                answers.append(_failure(_id_of(message), error))
                continue
            answer = await self._one(message, deadline)
            if answer is not None:
                answers.append(answer)
                room -= len(answer)
        return b"[" + b",".join(answers) + b"]" if answers else None

    async def _one(self, message: object, deadline: float) -> bytes | None:
        """Answer one call; None for a notification."""
        if not isinstance(message, dict) or not _is_call(message):
            error = ErrorObject(INVALID_REQUEST, "invalid request: not a JSON-RPC 2.0 call")
            return _failure(_id_of(message), error)
        identifier = message.get("id")
        try:
            result = await self._result(message["method"], message.get("params"), deadline)
        except RpcFault as fault:
            answer = _failure(identifier, fault.error)
        else:
            answer = _encoder.encode({"jsonrpc": "2.0", "id": identifier, "result": result})
        return answer if "id" in message else None

    async def _result(self, name: str, params: object, deadline: float) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise RpcFault(METHOD_NOT_FOUND, f"the method {name[:64]} does not exist or is not available")
        try:
            async with asyncio.timeout_at(deadline):
                return await method(params)
        except RpcFault:
            raise
        except TimeoutError:
            what = f"the request took longer than {REQUEST_TIMEOUT_S:g} s"
            raise RpcFault(LIMIT_EXCEEDED, what) from None
        except Exception as error:  # the edge: a fault of ours becomes a sentence, its trace stays in the log
            _log.exception("devnet.rpc_failed", method=name)
            raise RpcFault(INTERNAL_ERROR, "internal error: the chain's log says more") from error


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
        listener.setblocking(False)
    except (OSError, OverflowError) as error:
        listener.close()
        raise problem_error(
            "devnet.port_taken",
            f"The devnet could not listen on 127.0.0.1:{port}",
            str(getattr(error, "strerror", None) or error),
            "Choose another port with --port, or 0 for a free one",
        ) from error
    return listener


def _host_name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _is_call(message: dict[str, Any]) -> bool:
    return (
        message.get("jsonrpc") == "2.0"
        and isinstance(message.get("method"), str)
        and _is_identifier(message.get("id"))
    )


def _is_identifier(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def _id_of(message: object) -> Any:
    identifier = message.get("id") if isinstance(message, dict) else None
    return identifier if _is_identifier(identifier) else None


def _failure(identifier: Any, error: ErrorObject) -> bytes:
    return _encoder.encode({"jsonrpc": "2.0", "id": identifier, "error": error})
