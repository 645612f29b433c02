"""A scripted Docker engine, and an engine on it that tells all its healths."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.ports import lasting_port

from .scripted_docker import ScriptedDocker
from .watched import IMAGE, WatchedContainer


@pytest.fixture
async def docker() -> AsyncIterator[ScriptedDocker]:
    """An engine that has the image."""
    with tempfile.TemporaryDirectory() as folder:  # short: a socket's path has 108 bytes
        docker = ScriptedDocker(Path(folder) / "d.sock")
        docker.add_image(IMAGE, 8080)
        await docker.start()
        yield docker
        await docker.end_all()


@pytest.fixture
async def watched(docker: ScriptedDocker) -> AsyncIterator[WatchedContainer]:
    """An engine that is not started yet."""
    watched = WatchedContainer(docker.socket_path, lasting_port())
    yield watched
    await asyncio.wait_for(watched.engine.stop(), 10)
