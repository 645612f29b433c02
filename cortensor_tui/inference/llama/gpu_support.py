"""Whether llama.cpp has a GPU to use: `python -m cortensor_tui.inference.llama.gpu_support` says yes or no.

Asked in a process of its own: llama.cpp looks for devices as soon as it is loaded, and prints what it finds.
"""

from __future__ import annotations

import subprocess
import sys

_YES, _NO = "yes", "no"
_LONGEST_S = 30.0


def has_gpu() -> bool | None:
    """Tell whether layers can go to a GPU; None where that could not be found out."""
    try:
        asked = subprocess.run(
            [sys.executable, "-m", __name__], capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = asked.stdout.split()
    return said[-1] == _YES if said and said[-1] in (_YES, _NO) else None


def main() -> None:
    """Say it on standard output, last."""
    import llama_cpp.llama_cpp as native

    sys.stdout.write(f"\n{_YES if native.llama_supports_gpu_offload() else _NO}\n")


if __name__ == "__main__":
    main()
