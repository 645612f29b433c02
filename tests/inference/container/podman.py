"""A real engine that speaks Docker's API: Podman's service, in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.ports import lasting_port

TINY_IMAGE = "localhost/tiny-server:1"
_NOTHING = (TINY_IMAGE, "/bin/sh", "-c", ":")
_HERE = Path(__file__).parent
_BUSYBOX = Path("/bin/busybox")
_READY_S = 30.0
_COMMAND_S = 120.0

# In the container of a build machine rlimits may not be raised, and there is no systemd to keep cgroups.
_CONFIG = """
[containers]
default_ulimits=["nofile=20000:20000","nproc=4096:4096"]
{network}
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
"""


class PodmanMissingError(Exception):
    """Podman is not there, or cannot run a container here; the text says which."""


class Podman:
    """Podman in a folder of its own. Containers have a network of their own where the machine lets them."""

    def __init__(self) -> None:
        missing = [name for name in ("podman", "runc") if shutil.which(name) is None]
        if missing or not _BUSYBOX.exists():
            raise PodmanMissingError(f"not installed: {', '.join(missing) or 'busybox-static'}")
        self._folder = Path(tempfile.mkdtemp(prefix="podman-"))
        self.socket_path = self._folder / "p.sock"
        self._service: subprocess.Popen[bytes] | None = None
        self.limits_memory = False
        try:
            self._set_up()
        except Exception:
            self.close()
            raise

    def _set_up(self) -> None:
        for network in ("", 'netns="host"'):
            (self._folder / "containers.conf").write_text(_CONFIG.format(network=network))
            self.add_image(TINY_IMAGE, tiny_files(), "EXPOSE 8080", 'CMD ["/bin/sh","/srv/serve.sh"]')
            port = f"127.0.0.1:{lasting_port()}:8080"
            tried = self.run("run", "--rm", "-p", port, *_NOTHING, is_checked=False)
            if tried.returncode == 0:
                limited = self.run("run", "--rm", "-m", "24m", *_NOTHING, is_checked=False)
                self.limits_memory = limited.returncode == 0
                self.serve()
                return
        raise PodmanMissingError(f"it cannot run a container here: {tried.stderr.decode()[-300:]}")

    def serve(self) -> None:
        """Start the service on the socket."""
        assert self._service is None
        self._service = subprocess.Popen(
            [*self._command, "system", "service", "-t", "0", f"unix://{self.socket_path}"],
            env=self._environment,
            cwd=self.socket_path.parent,  # where a file `oom` is left by a container that runs out of memory
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _READY_S
        while not self.socket_path.exists():
            assert self._service.poll() is None, "podman's service ended"
            assert time.monotonic() < deadline, "podman's service did not start"
            time.sleep(0.02)

    def kill_service(self) -> None:
        """End the service at once; containers live on."""
        assert self._service is not None
        self._service.kill()
        self._service.wait()
        self._service = None
        self.socket_path.unlink(missing_ok=True)

    def add_image(self, name: str, tar: bytes, *changes: str) -> None:
        """Make an image of one layer."""
        options = [option for change in changes for option in ("-c", change)]
        self.run("import", *options, "-", name, stdin=tar)

    def containers(self) -> list[str]:
        """Return the ids of all containers, those that ended too."""
        return self.run("ps", "-a", "-q", "--no-trunc").stdout.decode().split()

    def pid_of(self, container_id: str) -> int:
        """Return a container's first process, as this machine numbers it."""
        told = self.run("inspect", "--format", "{{.State.Pid}}", container_id)
        return int(told.stdout)

    def processes_of(self, container_id: str) -> list[psutil.Process]:
        """Return all processes of a container."""
        first = psutil.Process(self.pid_of(container_id))
        return [first, *first.children(recursive=True)]

    def remove_all(self) -> None:
        """Remove what a test left."""
        self.run("rm", "-f", "-t", "0", "-a", is_checked=False)

    def close(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(subprocess.SubprocessError):
            self.remove_all()
        if self._service is not None:
            self.kill_service()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(
        self, *arguments: str, stdin: bytes = b"", is_checked: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command of podman's."""
        return subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            input=stdin,
            capture_output=True,
            timeout=_COMMAND_S,
            check=is_checked,
        )

    @property
    def _command(self) -> list[str]:
        places = {"--root": "root", "--runroot": "run", "--tmpdir": "tmp"}
        named = [word for option, name in places.items() for word in (option, str(self._folder / name))]
        return ["podman", *named, "--storage-driver", "vfs"]

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CONTAINERS_CONF": str(self._folder / "containers.conf")}


@contextmanager
def podman_or_skip() -> Iterator[Podman]:
    """Give a Podman that runs containers; where there is none, the tests are skipped and say why."""
    try:
        podman = Podman()
    except PodmanMissingError as error:
        pytest.skip(f"podman: {error}")
    try:
        yield podman
    finally:
        podman.close()


def root_folder(files: Mapping[str, Path], links: Mapping[str, str]) -> bytes:
    """Return a container's root folder as a tar archive: files by where they are put, and symbolic links."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for folder in ("bin", "tmp", "proc", "sys", "dev", "etc"):
            place = tarfile.TarInfo(folder)
            place.type, place.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(place)
        for name, path in files.items():
            tar.add(path.resolve(), name)
        for name, target in links.items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return made.getvalue()


def tiny_files() -> bytes:
    """Return the root folder of the tiny server."""
    scripts = {f"srv/{script.name}": script for script in (_HERE / "tiny_server").iterdir()}
    return root_folder({"bin/busybox": _BUSYBOX, **scripts}, {"bin/sh": "busybox"})
