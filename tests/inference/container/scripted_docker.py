"""A Docker engine that a test makes up: the real API on a real Unix socket, containers of its own making.

A container that runs here is an HTTP server in this process, on the port that it was asked for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_IMAGE_ID = "sha256:" + "1" * 64


class FakeContainer:
    """One container: what it was asked to be, what it does, and how it ended."""

    def __init__(self, container_id: str, name: str, body: dict[str, Any]) -> None:
        self.id = container_id
        self.name = name
        self.body = body
        self.is_running = False
        self.exit_code = 0
        self.is_out_of_memory = False
        self.ended = asyncio.Event()
        self.log: list[bytes] = []
        self.new_log = asyncio.Event()
        self.server_status = 200
        self.server: web.AppRunner | None = None

    @property
    def host_port(self) -> int:
        (bound,) = self.body["HostConfig"]["PortBindings"].values()
        assert bound[0]["HostIp"] == "127.0.0.1"
        return int(bound[0]["HostPort"])

    def say(self, text: str, stream: int = 2) -> None:
        """Write to its log, framed as the API frames it."""
        data = text.encode()
        self.log.append(bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data)
        self.new_log.set()

    async def serve(self) -> None:
        async def health(_: web.Request) -> web.Response:
            return web.json_response({}, status=self.server_status)

        app = web.Application()
        app.router.add_get("/health", health)
        self.server = web.AppRunner(app, access_log=None)
        await self.server.setup()
        await web.TCPSite(self.server, "127.0.0.1", self.host_port).start()

    async def end(self, exit_code: int, *, is_out_of_memory: bool = False) -> None:
        """End it, as from outside."""
        server, self.server = self.server, None
        if server is not None:
            await server.cleanup()
        self.exit_code, self.is_out_of_memory, self.is_running = exit_code, is_out_of_memory, False
        self.ended.set()
        self.new_log.set()

    def inspected(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "State": {
                "Status": "running" if self.is_running else "exited",
                "Running": self.is_running,
                "ExitCode": self.exit_code,
                "OOMKilled": self.is_out_of_memory,
                "Error": "",
            },
            "Config": {"Labels": self.body.get("Labels")},
            "HostConfig": {"NetworkMode": "bridge"},
        }


class ScriptedDocker:
    """The engine. `answers` replaces what is said to a method and a path without its version."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        self.images: dict[str, dict[str, Any]] = {}
        self.containers: dict[str, FakeContainer] = {}
        self.answers: dict[tuple[str, str], Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.on_start: Callable[[FakeContainer], None] = lambda container: None
        self.api_version = "1.41"
        self._made = 0
        self._runner: web.AppRunner | None = None

    def add_image(self, name: str, *ports: int) -> None:
        exposed: dict[str, Any] = {f"{port}/tcp": {} for port in ports}
        self.images[name] = {"Id": _IMAGE_ID, "Config": {"ExposedPorts": exposed or None}}

    @property
    def running(self) -> FakeContainer:
        (container,) = (one for one in self.containers.values() if one.is_running)
        return container

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket_path)).start()

    async def stop(self) -> None:
        """Go away: whoever follows something sees the connection break. Containers live on."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self.socket_path.unlink(missing_ok=True)

    async def end_all(self) -> None:
        for container in self.containers.values():
            await container.end(0)
        await self.stop()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.startswith("/v1."):
            path = "/" + path[1:].partition("/")[2]
        self.asked.append((request.method, path))
        if answer := self.answers.get((request.method, path)):
            return await answer(request)
        if path == "/_ping":
            return web.Response(text="OK", headers={"Api-Version": self.api_version})
        if path == "/version":
            return web.json_response({"Version": "27.1", "Components": [{"Name": "Engine"}]})
        if path.startswith("/images/") and path.endswith("/json"):
            return self._image(path.removeprefix("/images/").removesuffix("/json"))
        if path == "/images/create":
            return _refused(404, "pull access denied, repository does not exist")
        if path == "/containers/json":
            return self._list(request)
        if path == "/containers/create":
            return await self._create(request)
        return await self._container(request, path)

    def _image(self, name: str) -> web.Response:
        image = self.images.get(name)
        return _refused(404, f"No such image: {name}") if image is None else web.json_response(image)

    async def _container(self, request: web.Request, path: str) -> web.StreamResponse:
        name, _, act = path.removeprefix("/containers/").partition("/")
        container = self.containers.get(name)
        if container is None:
            return _refused(404, f"No such container: {name}")
        if request.method == "DELETE":
            return await self._remove(container)
        if act == "json":
            return web.json_response(container.inspected())
        if act == "logs":
            return await _logs(request, container)
        if act == "wait":
            await container.ended.wait()
            return web.json_response({"StatusCode": container.exit_code})
        if act == "kill" and not container.is_running:
            return _refused(409, f"container {name} is not running")
        if act == "start":
            await self._start(container)
        elif act in ("stop", "kill"):
            await container.end(143 if act == "stop" else 137)
        return web.Response(status=204)

    def _list(self, request: web.Request) -> web.Response:
        wanted = dict(label.split("=", 1) for label in json.loads(request.query["filters"])["label"])
        found = [
            {"Id": one.id} for one in self.containers.values() if wanted.items() <= one.body["Labels"].items()
        ]
        return web.json_response(found)

    async def _create(self, request: web.Request) -> web.Response:
        name = request.query["name"]
        if any(one.name == name for one in self.containers.values()):
            return _refused(409, f'Conflict. The container name "/{name}" is already in use')
        self._made += 1
        container = FakeContainer(f"{self._made:064x}", name, await request.json())
        self.containers[container.id] = container
        return web.json_response({"Id": container.id, "Warnings": []}, status=201)

    async def _start(self, container: FakeContainer) -> None:
        container.is_running = True
        container.say("server is starting\n")
        await container.serve()
        self.on_start(container)

    async def _remove(self, container: FakeContainer) -> web.Response:
        await container.end(137)
        del self.containers[container.id]
        return web.Response(status=204)


async def _logs(request: web.Request, container: FakeContainer) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    sent = 0
    while True:
        container.new_log.clear()
        for piece in container.log[sent:]:
            await answer.write(piece)
        sent = len(container.log)
        if container.ended.is_set():
            return answer
        await container.new_log.wait()


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


def refusing(status: int, message: str) -> Answer:
    """Build an answer that says no."""

    async def answer(_: web.Request) -> web.Response:
        return _refused(status, message)

    return answer
