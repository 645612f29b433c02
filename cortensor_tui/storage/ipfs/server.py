"""Runs an IPFS node beside ours (`ENABLE_IPFS_SERVER`), or finds the one that already has its folder."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error
from cortensor_tui.storage.ipfs.rpc import IpfsRpc

log = structlog.get_logger(__name__)

FIRST_RETRY_S = 5.0
LONGEST_RETRY_S = 60.0
END_WAIT_S = 10.0
SILENT_S = 60.0
_LOOK_S = 0.25
_ASK_S = 5.0
_LAST_WORDS_S = 1.0
_KEPT_LINES = 5
_LINE_BYTES = 4096
_MULTIADDR = re.compile(
    r"/(?:ip4|ip6|dns|dns4|dns6)/(?P<host>[A-Za-z0-9.:-]+)/tcp/(?P<port>[0-9]{1,5})(?:/.*)?"
)
# What it gets of our environment, which may hold keys: what programs need, and what IPFS nodes are set by.
_PASSED_NAMES = frozenset(
    {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"}
    | {"NODE_OPTIONS", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
_PASSED_PREFIXES = ("LC_", "XDG_", "IPFS_", "KUBO_", "LIBP2P_", "GO")
_LOCKED = re.compile(r"repo\.lock|has the lock|already being held|lock.*(?:taken|held)", re.IGNORECASE)


class IpfsServer:
    """Keeps one running; `on_address` is told where its RPC is, and None when it is gone.

    A folder takes one IPFS node. Where another process has it, that one is used if it answers.
    """

    def __init__(
        self, command: str, environ: Mapping[str, str], on_address: Callable[[str | None], None]
    ) -> None:
        self._command = command
        self._environ = environ
        self.folder = Path(environ.get("IPFS_PATH") or Path.home() / ".ipfs").expanduser()
        self._on_address = on_address
        self.problem: Problem | None = None

    async def run(self) -> None:
        """Keep it running until cancelled; what fails is tried again, less often each time."""
        retry_s = FIRST_RETRY_S
        while True:
            try:
                was_up = await self._live_once()
            except OSError as failure:
                was_up, self.problem = False, _unstartable(self._command, failure).problem
            except ProblemError as error:
                was_up = False
                self._tell(error)
            finally:
                self._on_address(None)
            retry_s = FIRST_RETRY_S if was_up else min(2 * retry_s, LONGEST_RETRY_S)
            await asyncio.sleep(retry_s)

    async def _live_once(self) -> bool:
        """Use the one that runs, or start one; return once it is gone, having answered."""
        if await self._until_answering(lambda: True):
            await self._follow()
            return True
        if not (self.folder / "config").exists():
            await self._make_folder()
        process = await self._spawn("daemon")
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        reading = asyncio.create_task(_keep_lines(process.stdout, lines))
        try:
            if not await self._until_answering(lambda: process.returncode is not None):
                await asyncio.wait({reading}, timeout=_LAST_WORDS_S)  # what it started may keep the line open
                raise self._ended(process.returncode, lines)
            await process.wait()
            log.warning("IPFS node ended", code=process.returncode, said=" ".join(lines))
            return True
        finally:
            await _end(process)
            reading.cancel()

    async def _until_answering(self, is_last_look: Callable[[], bool]) -> bool:
        """Wait until the folder's node answers, and tell where; False once it makes no sense any more."""
        began_s = asyncio.get_running_loop().time()
        while True:
            is_last = is_last_look()
            address = self._address()
            if address is not None and await self._answers(address):
                self.problem = None
                self._on_address(address)
                log.info("IPFS node answers", address=address, folder=str(self.folder))
                return True
            if is_last:
                return False
            if asyncio.get_running_loop().time() - began_s > SILENT_S:
                self._tell(self._silent())
            await asyncio.sleep(_LOOK_S)

    async def _follow(self) -> None:
        """Wait until the node that somebody else runs is gone."""
        while (address := self._address()) is not None and await self._answers(address):
            await asyncio.sleep(_ASK_S)

    async def _answers(self, address: str) -> bool:
        rpc = IpfsRpc(address)
        try:
            async with asyncio.timeout(_ASK_S):
                await rpc.version()
        except (ProblemError, TimeoutError):
            return False
        finally:
            await rpc.close()
        return True

    def _address(self) -> str | None:
        """Return where the folder's node says that its RPC is; the file stays behind a node that crashed."""
        try:
            text = (self.folder / "api").read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None
        match = _MULTIADDR.fullmatch(text.strip())
        if match is None:
            return None
        host = f"[{match['host']}]" if ":" in match["host"] else match["host"]
        return f"http://{host}:{match['port']}"

    async def _make_folder(self) -> None:
        process = await self._spawn("init")
        lines: deque[str] = deque(maxlen=_KEPT_LINES)
        try:
            await _keep_lines(process.stdout, lines)
            await process.wait()
        finally:
            await _end(process)
        if process.returncode:
            raise self._ended(process.returncode, lines)

    async def _spawn(self, *words: str) -> asyncio.subprocess.Process:
        command = shutil.which(self._command, path=self._environ.get("PATH"))
        if command is None:
            raise problem_error(
                "ipfs_no_command",
                f"The IPFS node cannot be started: there is no program {self._command}",
                "ENABLE_IPFS_SERVER is 1",
                "Install Kubo (`ipfs`), name another in CORTENSOR_TUI_IPFS_COMMAND, or set it to 0",
            )
        module = "cortensor_tui.storage.ipfs.tethered"
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module, str(os.getpid()), command, *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._child_environment(),
            start_new_session=True,
        )

    def _child_environment(self) -> dict[str, str]:
        passed = {
            name: value
            for name, value in self._environ.items()
            if name in _PASSED_NAMES or name.startswith(_PASSED_PREFIXES)
        }
        return {**passed, "IPFS_PATH": str(self.folder)}

    def _tell(self, error: ProblemError) -> None:
        if self.problem is None or error.problem.code != self.problem.code:
            log.error("IPFS node not running", why=error.problem.sentence())
        self.problem = error.problem

    def _silent(self) -> ProblemError:
        return problem_error(
            "ipfs_silent",
            f"The IPFS node of {self.folder} runs and does not answer",
            f"its RPC API was not there {SILENT_S:g} s after its start",
            f"See Addresses.API in {self.folder / 'config'}, or wait while it brings its folder up to date",
        )

    def _ended(self, code: int | None, lines: deque[str]) -> ProblemError:
        said = " ".join(lines)
        if _LOCKED.search(said):
            return problem_error(
                "ipfs_locked",
                f"The IPFS node cannot be started: another process has its folder {self.folder}",
                said,
                "Set ENABLE_IPFS_SERVER to 0 on all nodes of this host but one, or stop the other process",
            )
        return problem_error(
            "ipfs_ended",
            "The IPFS node does not start",
            f"{said} (exit code {code})" if said else f"exit code {code}",
            f"Try it by hand: IPFS_PATH={self.folder} {self._command} daemon",
        )


def _unstartable(command: str, error: OSError) -> ProblemError:
    return problem_error(
        "ipfs_ended",
        "The IPFS node cannot be started",
        f"{command}: {error.strerror or error}",
        "Mend the cause; the node tries again by itself",
    )


async def _keep_lines(stream: asyncio.StreamReader | None, lines: deque[str]) -> None:
    """Keep the last lines that are said."""
    while stream is not None and (piece := await stream.read(_LINE_BYTES)):
        lines.extend(
            inert(line.strip(), 200) for line in piece.decode("utf-8", "replace").splitlines() if line.strip()
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(END_WAIT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
