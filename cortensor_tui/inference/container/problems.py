"""What can go wrong with an engine in a container, in words for a person."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.container.docker_errors import (
    DockerError,
    DockerRefusedError,
    DockerUnreachableError,
)
from cortensor_tui.inference.container.docker_types import State
from cortensor_tui.inference.problems import RESTART_REMEDY

OUT_OF_MEMORY_STATUS = 137  # 128 and SIGKILL


def docker_problem(error: DockerError, doing: str, socket: Path) -> ProblemError:
    """Say why something could not be done with Docker. `doing` goes on after "could not"."""
    if not isinstance(error, DockerUnreachableError):
        return _error("docker_failed", f"Docker could not {doing}", str(error), "Look into Docker's own log")
    if error.is_absent:
        return _error(
            "docker_absent",
            f"No Docker engine answers at {socket}",
            str(error),
            "Start Docker (systemctl start docker), or set DOCKER_HOST=unix://PATH to where it listens",
        )
    if error.is_forbidden:
        return _error(
            "docker_forbidden",
            f"This user may not use Docker at {socket}",
            str(error),
            "Add the user to the group docker and log in anew: usermod -aG docker USER",
        )
    return _error(
        "docker_unreachable",
        f"Docker at {socket} did not {doing}",
        str(error),
        "It is asked again by itself; if it stays so, restart Docker",
    )


def docker_host_unknown(value: str) -> ProblemError:
    """Say that DOCKER_HOST names no Unix socket."""
    return _error(
        "docker_host",
        "DOCKER_HOST names no Unix socket",
        f"It begins with {value.partition('://')[0][:40]!r}; the engine's container must run on this machine",
        "Set DOCKER_HOST=unix:///var/run/docker.sock, or leave it out",
    )


def image_not_named() -> ProblemError:
    """Say that no image was chosen."""
    return _error(
        "container_image_missing",
        "No container image is named",
        "The engine is set to a container, and LLM_CONTAINER_IMAGE is empty",
        "Set LLM_CONTAINER_IMAGE to an image's name, or CORTENSOR_TUI_ENGINE=llama",
    )


def image_absent(image: str, why: str) -> ProblemError:
    """Say that an image is neither here nor to be had."""
    return _error(
        "container_image_absent",
        f"The image {image} is not on this machine and could not be pulled",
        why,
        f"Check LLM_CONTAINER_IMAGE; for a private registry log in and run: docker pull {image}",
    )


def image_port_unknown(image: str, ports: tuple[int, ...]) -> ProblemError:
    """Say that it cannot be told on which port the server in an image listens."""
    exposed = ", ".join(str(port) for port in ports)
    return _error(
        "container_port_unknown",
        f"It is not known on which port the server in {image} listens",
        f"The image names these: {exposed}" if exposed else "The image names no port",
        "Set CORTENSOR_TUI_CONTAINER_PORT to the one inside the container",
    )


def port_taken(port: int, why: str = "") -> ProblemError:
    """Say that something else listens on the port that the container is to have."""
    return _error(
        "container_port_taken",
        f"Port {port} of this machine is taken",
        why or "Another program listens there, so the container cannot have it",
        "End that program, or set another LLM_WORKER_BASE_PORT or LLM_WORKER_PORT_PREFIX",
    )


def name_taken(name: str) -> ProblemError:
    """Say that a container which is not ours has the name."""
    return _error(
        "container_name_taken",
        f"A container with the name {name} is there already",
        "This node did not make it, so it is not touched",
        f"Remove it (docker rm -f {name}), or set another LLM_WORKER_CONTAINER_NAME_PREFIX",
    )


def gpu_refused(why: str) -> ProblemError:
    """Say that Docker could not give the container a GPU."""
    return _error(
        "container_gpu",
        "Docker could not give the container a GPU",
        why,
        "Install the NVIDIA container toolkit and restart Docker, or set LLM_GPU_CONTAINER=0",
    )


def never_answered(silent_s: float, last_line: str) -> str:
    """Say that a container ran without its server ever answering."""
    told = f"; its log ends with: {last_line}" if last_line else "; its log is empty"
    return f"its server did not answer, and its log stood still for {silent_s:.0f} s{told}"


def start_refused(error: DockerRefusedError, port: int) -> ProblemError:
    """Say why Docker would not start a container: most often a port or a GPU."""
    text = str(error)
    small = text.lower()
    if "already allocated" in small or "address already in use" in small:
        return port_taken(port, text)
    if "gpu" in small or "nvidia" in small or "cdi" in small.split():
        return gpu_refused(text)
    return _error(
        "container_start",
        "Docker could not start the container",
        text,
        "Check LLM_CONTAINER_IMAGE and CORTENSOR_TUI_CONTAINER_COMMAND",
    )


def ended_how(state: State, last_line: str) -> str:
    """Say how a container ended."""
    if state.oom_killed:
        how = "it was killed since its memory ran out"
    elif state.exit_code == OUT_OF_MEMORY_STATUS:
        how = "it was killed by SIGKILL, as the kernel does when memory runs out"
    else:
        how = f"it ended with exit status {state.exit_code}"
    if state.error:
        how += f" ({state.error})"
    return f"{how}; its last words: {last_line}" if last_line else how


def container_died(how: str) -> Problem:
    """Say that the container ended without being asked."""
    return Problem(
        code="engine_died",
        what="The engine's container ended",
        why=how,
        remedy=RESTART_REMEDY,
    )


def _error(code: str, what: str, why: str, remedy: str) -> ProblemError:
    return ProblemError(Problem(code=code, what=what, why=why, remedy=remedy))
