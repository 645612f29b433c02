"""A home of its own for each test, a scripted node in it, and the program run as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cortensor_tui.cli.main import run
from cortensor_tui.node.paths import socket_path
from tests.cli.examples import good_answers
from tests.cli.scripted_node import ScriptedNode

PRIVATE_KEY = "0x" + "4c" * 32
SETTINGS = f"HOST=http://127.0.0.1:8545/v2/secret-token\nCHAINID=31337\nNODE_PRIVATE_KEY={PRIVATE_KEY}\n"
PROGRAM = (sys.executable, "-m", "cortensor_tui.cli.main")


class Ended(NamedTuple):
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Return the one JSON document on stdout."""
        (line,) = self.out.splitlines()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found


class Home:
    """A user's home with a settings file, and the environment that leads there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / ".cortensor" / ".env"
        self.settings.parent.mkdir()
        self.settings.write_text(SETTINGS)
        self.settings.chmod(0o600)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("CORTENSOR_", "XDG_"))
        }
        self.environ = kept | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "COLUMNS": "80"}

    async def run(self, *arguments: str, stdin: bytes = b"", **environ: str) -> Ended:
        """Run the program in this home."""
        return await self.execute(*PROGRAM, *arguments, stdin=stdin, may_trace=False, **environ)

    async def execute(
        self, *command: str, stdin: bytes = b"", may_trace: bool = False, **environ: str
    ) -> Ended:
        """Run any command in this home; a stack trace in what it says is wrong unless it was asked for."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environ | environ,
        )
        async with asyncio.timeout(60):
            out, err = await process.communicate(stdin)
        assert process.returncode is not None
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert may_trace or "Traceback" not in ended.out + ended.err
        return ended


RunInside = Callable[..., Ended]


@pytest.fixture
def run_inside(home: Home, capfd: pytest.CaptureFixture[str]) -> RunInside:
    """Run the program in this process, for what needs no process of its own; much quicker."""

    def run_it(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run(arguments)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert isinstance(ended.value.code, int)
        return Ended(int(ended.value.code), out, err)

    return run_it


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Give a home on a short path: a socket's path has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        found = Home(Path(folder))
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.setenv("HOME", folder)
        yield found


@pytest.fixture
async def node(home: Home) -> AsyncIterator[ScriptedNode]:
    """Run a scripted node for the home's settings, with good answers to everything."""
    async with ScriptedNode(good_answers()).listening(socket_path(home.settings)) as scripted:
        yield scripted
