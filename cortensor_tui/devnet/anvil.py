"""Runs anvil, a real Ethereum node, as the devnet's chain: it persists, forks back and takes any client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import shutil
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import msgspec
import psutil

import cortensor_tui
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet import anvil_launcher
from cortensor_tui.domain.problems import ProblemError, problem_error

CHAIN_ID = 31337
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0
_LOOK_INTERVAL_S = 0.02
STATE_INTERVAL_S = 5  # how much a kill -9 may lose of a chain with a state file
_STDERR_LINES = 5
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
# Nothing else of the caller's environment is needed, and it may hold keys.
_KEPT_ENVIRONMENT = ("HOME", "PATH", "TMPDIR", "LANG")


class AnvilBackend:
    """A running anvil."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: _Tail, rpc_url: str) -> None:
        self._process = process
        self._stderr = stderr
        self._rpc_url = rpc_url

    @property
    def rpc_url(self) -> str:
        """Return the address clients connect to."""
        return self._rpc_url

    @property
    def pid(self) -> int:
        """Return the process id of anvil itself."""
        return self._process.pid

    async def ended(self) -> str:
        """Wait until anvil has ended, and return its code and last words."""
        code = await self._process.wait()
        return f"anvil ended with code {code} {self._stderr.text()}".strip()

    async def stop(self) -> None:
        """End anvil, which writes its state file first if it has one; a second call does nothing."""
        await _end(self._process)
        await self._stderr.close()


class _Tail:
    """Reads a stream to its end and keeps its last lines, so that the writer never blocks."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._task = asyncio.create_task(self._read(stream), name="anvil-stderr")

    async def _read(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await stream.read(4096):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-4096:]
            self._lines.extend(line.decode(errors="replace") for line in lines)
        if rest:
            self._lines.append(rest.decode(errors="replace"))

    async def close(self) -> None:
        await self._task

    def text(self) -> str:
        return " ".join(line.strip() for line in self._lines if line.strip())


def find_anvil(binary: Path | None = None) -> Path:
    """Return the anvil program: the one named, one installed with npm here or in the checkout, or PATH's.

    The npm package's own `.bin/anvil` is a Node wrapper that outlives its child, so the binary itself is
    looked for. Raises ProblemError, naming how to install it.
    """
    if binary is not None:
        if _is_program(binary):
            return binary.resolve()
        raise problem_error(
            "devnet.no_anvil",
            f"{binary} is not a program that can be run",
            "it was named as the anvil to use",
            "Name the anvil binary itself, or leave the setting out",
        )
    package = f"anvil-{sys.platform}-{_ARCHITECTURES.get(platform.machine().lower(), 'amd64')}"
    checkout = Path(cortensor_tui.__file__).resolve().parent.parent
    for folder in (Path.cwd(), checkout):
        candidate = folder / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"
        if _is_program(candidate):
            return candidate
    if (on_path := shutil.which("anvil")) is not None:
        return Path(on_path).resolve()
    raise problem_error(
        "devnet.no_anvil",
        "The anvil program was not found",
        "it is neither in node_modules nor on PATH",
        "Install it: `npm install --ignore-scripts @foundry-rs/anvil-linux-amd64`; or use the embedded chain",
    )


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


async def start_anvil(
    port: int,
    funded: Mapping[str, int],
    block_interval_s: float,
    state_file: Path | None = None,
    binary: Path | None = None,
    state_interval_s: int = STATE_INTERVAL_S,
) -> AnvilBackend:
    """Start anvil on 127.0.0.1 and return once it answers; port 0 takes a free one.

    `funded` gives addresses their wei. An interval of 0 mines each transaction at once and nothing else.
    `state_file` keeps the chain over restarts, saved every `state_interval_s`; a chain read from it keeps
    its own balances. It ends when this process does. Raises ProblemError when it is not installed or does
    not start.
    """
    program = find_anvil(binary)
    is_restored = state_file is not None and state_file.exists()
    if state_file is not None and is_restored:
        keep_one_genesis(state_file)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        anvil_launcher.__file__,
        str(os.getpid()),
        *_command(program, port, block_interval_s, state_file, state_interval_s),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        start_new_session=True,  # a Ctrl+C in the terminal is for us; we end it in our own time
    )
    if process.stderr is None:
        raise RuntimeError("anvil was started without a pipe for its errors")
    stderr = _Tail(process.stderr)
    try:
        url = f"http://127.0.0.1:{await _listening_port(process, stderr, port)}"
        await _set_up(url, {} if is_restored else funded)
    except BaseException:
        await _end(process)
        await stderr.close()
        raise
    return AnvilBackend(process, stderr, url)


def _command(
    program: Path, port: int, block_interval_s: float, state_file: Path | None, state_interval_s: int
) -> list[str]:
    command = [str(program), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(CHAIN_ID)]
    command += ["--accounts", "0", "--hardfork", "prague", "--quiet"]
    if block_interval_s > 0:
        command += ["--block-time", f"{block_interval_s:g}"]
    if state_file is not None:
        command += ["--state", str(state_file), "--state-interval", str(state_interval_s)]
    return command


def keep_one_genesis(state_file: Path) -> None:
    """Leave only the oldest block 0 in a saved chain; a file that is none is left for anvil to refuse.

    Each start of anvil makes a genesis block of its own and saves it beside the one it has loaded; which of
    them the next start takes is chance, and another genesis is another chain to whoever journals it.
    """
    try:
        state = msgspec.json.decode(state_file.read_bytes())
        geneses = [block for block in state["blocks"] if int(block["header"]["number"], 16) == 0]
        oldest = min(geneses, key=lambda block: int(block["header"]["timestamp"], 16), default=None)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return
    if len(geneses) < 2:
        return
    others = [block for block in state["blocks"] if int(block["header"]["number"], 16) != 0]
    new = state_file.with_name(state_file.name + ".new")
    new.write_bytes(msgspec.json.encode({**state, "blocks": [oldest, *others]}))
    new.replace(state_file)


async def _listening_port(process: asyncio.subprocess.Process, stderr: _Tail, port: int) -> int:
    """Wait until this very process listens and return its port; another program's answer does not count."""
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            while True:
                if process.returncode is not None:
                    await stderr.close()
                    raise _not_started(port, stderr.text() or f"it ended with code {process.returncode}")
                ports = _ports_of(process.pid)
                if ports:
                    return ports[0]
                await asyncio.sleep(_LOOK_INTERVAL_S)
    except TimeoutError:
        raise _not_started(port, f"it did not listen within {_START_TIMEOUT_S:g} s") from None


def _ports_of(pid: int) -> list[int]:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:  # it is just ending
        return []
    return [one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN]


def _not_started(port: int, why: str) -> ProblemError:
    where = f"127.0.0.1:{port}" if port else "a free port"
    return problem_error(
        "devnet.anvil_not_started",
        f"anvil did not start on {where}",
        why[:500],
        "Choose another port if this one is taken, or use the embedded backend",
    )


async def _set_up(url: str, funded: Mapping[str, int]) -> None:
    client = RpcClient(url)
    try:
        await client.call("eth_chainId")
        calls = [("anvil_setBalance", (address, hex(wei))) for address, wei in funded.items()]
        for outcome in await client.batch(calls):
            if isinstance(outcome, Exception):
                raise _not_started(0, f"an account could not be funded: {outcome}")
    finally:
        await client.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
