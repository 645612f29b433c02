"""Endpoints that a test makes up: what is answered to a batch says all, since one call is a batch of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortensor_tui.chain.rpc.client import Call, Rpc, RpcError


class ScriptedRpc:
    """An endpoint that takes nothing. A subclass answers `batch`, an `RpcError` in it is a refusal."""

    url = "http://scripted"
    latency_ms: float | None = None

    async def call(self, method: str, *params: Any) -> Any:
        [answer] = await self.batch([(method, params)])
        if isinstance(answer, RpcError):
            raise answer
        return answer

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        raise AssertionError(f"nothing is asked here: {calls}")

    async def send_raw(self, raw: str) -> str:
        raise AssertionError(f"nothing is sent here: {raw}")

    async def close(self) -> None:
        pass


class PassingRpc(ScriptedRpc):
    """A real endpoint as a test lets it be seen: a subclass changes what is asked or answered."""

    def __init__(self, rpc: Rpc) -> None:
        self.url = rpc.url
        self._rpc = rpc

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return await self._rpc.batch(calls)

    async def send_raw(self, raw: str) -> str:
        return await self._rpc.send_raw(raw)

    async def close(self) -> None:
        await self._rpc.close()
