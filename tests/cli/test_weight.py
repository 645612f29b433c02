"""The command line stays light: nothing heavy is imported before it is needed."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import cortensor_tui.cli
from tests.cli.conftest import Home
from tests.cli.scripted_node import ScriptedNode

HEAVY = (
    "web3",
    "eth_account",
    "aiohttp",
    "textual",
    "rich",
    "llama_cpp",
    "structlog",
    "psutil",
    "eth_tester",
)
TELL = f"import sys; print('loaded', sorted(set({HEAVY!r}) & set(sys.modules)))"


def test_importing_every_module_of_the_command_line_loads_nothing_heavy() -> None:
    names = [module.name for module in pkgutil.iter_modules(cortensor_tui.cli.__path__, "cortensor_tui.cli.")]
    program = f"import {', '.join(names)}; {TELL}"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert len(names) >= 10
    assert done.stdout == "loaded []\n"


async def test_a_whole_status_loads_nothing_heavy(home: Home, node: ScriptedNode) -> None:
    at_exit = f"import atexit; atexit.register(lambda: exec({TELL!r}))"
    program = f"{at_exit}; from cortensor_tui.cli.main import run; run()"

    for arguments in (("status",), ("sessions", "--json"), ("config", "show"), ("--help",)):
        ended = await home.execute(sys.executable, "-c", program, *arguments)

        assert ended.code == 0
        assert ended.out.endswith("loaded []\n")
