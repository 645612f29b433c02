"""A node that ends with its parent: `python -m cortensor_tui.launch.tethered_node PARENT_PID ENV_FILE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.node import run_node
from cortensor_tui.launch.tether import end_with_parent


def main(parent_pid: int, settings_path: Path) -> int:
    """Run it; a problem goes to stderr as a sentence."""
    end_with_parent(parent_pid)
    try:
        return run_node(settings_path, os.environ)
    except ProblemError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
