"""The dashboard starts light: what it opens with loads no chain library."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "web3",
    "eth_account",
    "eth_abi",
    "eth_utils",
    "pydantic",
    "aiohttp",
    "llama_cpp",
    "structlog",
    "psutil",
)


def test_opening_the_dashboard_loads_nothing_heavy() -> None:
    program = (
        "import sys, cortensor_tui.cli.main, cortensor_tui.launch.dashboard;"
        "from cortensor_tui.dashboard.places import PLACES;"
        "[place.load() for place in PLACES];"
        f"print('loaded', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "loaded []\n"
