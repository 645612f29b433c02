"""llama-bench and llama-server as `make yardsticks` builds them, run on the libllama of the engine."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from asyncio.subprocess import PIPE
from importlib import metadata
from pathlib import Path

from benchmarks.processes import REPOSITORY, BenchmarkError, running

ENV = "/usr/bin/env"
RUN_TIMEOUT_S = 300.0


def yardstick(program: str) -> Path:
    """Return where a program is, built or not."""
    version = metadata.version("llama-cpp-python")
    return REPOSITORY / "build" / "llama.cpp" / version / "bin" / program


def binding_libraries() -> Path:
    """Return the folder with the binding's libllama. The binding is not imported: that would load it."""
    found = importlib.util.find_spec("llama_cpp")
    if found is None or found.origin is None:
        raise BenchmarkError("llama-cpp-python is not installed; run `make setup`")
    return Path(found.origin).parent / "lib"


def yardstick_command(program: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a program on the binding's libraries. Raises `BenchmarkError` unbuilt."""
    path = yardstick(program)
    if not path.is_file():
        raise BenchmarkError(f"{program} is not built; run `make yardsticks`")
    return (ENV, f"LD_LIBRARY_PATH={binding_libraries()}:{path.parent}", str(path), *arguments)


async def output_of(*command: str) -> str:
    """Run a command to its end and return what it wrote. Raises `BenchmarkError` where it fails."""
    async with running(*command, stdout=PIPE, stderr=PIPE) as process, asyncio.timeout(RUN_TIMEOUT_S):
        said, complained = await process.communicate()
    if process.returncode != 0:
        words = complained.decode("utf-8", "replace").strip().splitlines()
        raise BenchmarkError(f"{command[2]} ended with {process.returncode}: {words[-1:]}")
    return (said + complained).decode("utf-8", "replace")


async def llama_cpp_version() -> str:
    """Return the version that both yardsticks tell of the libllama they run on.

    Raises `BenchmarkError` where one of them would load another libllama than the engine's: the dynamic
    linker is asked which.
    """
    versions = set()
    for program in ("llama-bench", "llama-server"):
        command = yardstick_command(program)
        loaded = await output_of(command[0], "LD_TRACE_LOADED_OBJECTS=1", *command[1:])
        path = re.search(r"libllama\.so\S* => (\S+)", loaded)
        if path is None or Path(path[1]).parent.resolve() != binding_libraries().resolve():
            raise BenchmarkError(f"{program} runs on {path and path[1]}, not on the binding's libllama")
        told = re.search(r"^version: (\S+)", await output_of(*command, "--version"), re.MULTILINE)
        versions.add(told[1] if told else "unknown")
    if len(versions) != 1:
        raise BenchmarkError(f"the yardsticks tell different versions of one libllama: {sorted(versions)}")
    return versions.pop()
