"""llama-server as a container image: the program of `make yardsticks` with all that it loads."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from benchmarks.engine.yardsticks import yardstick, yardstick_command

from .podman import root_folder

LLAMA_IMAGE = "localhost/llama-server:1"
LLAMA_CHANGES = ("EXPOSE 8080", 'CMD ["/bin/llama-server"]', "ENV LD_LIBRARY_PATH=/lib")

_LOADED = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x", re.MULTILINE)


def llama_server_files() -> bytes:
    """Return a root folder with the server; the dynamic linker says what it loads."""
    env, libraries, program = yardstick_command("llama-server")
    traced = subprocess.run(
        [env, "LD_TRACE_LOADED_OBJECTS=1", libraries, program], capture_output=True, check=True, timeout=30
    )
    files = {"bin/llama-server": yardstick("llama-server")}
    for name, path in _LOADED.findall(traced.stdout.decode()):
        files[f"lib/{name}" if name else path.lstrip("/")] = Path(path)
    # llama.cpp looks for its back ends beside the program, as it does for those of the binding.
    for library in files.copy().values():
        if library.name.startswith("libggml"):
            for backend in library.parent.glob("libggml-*.so"):
                files.setdefault(f"bin/{backend.name}", backend)
    return root_folder(files, {})
