"""What a container is to be: from the settings to what Docker is asked for."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.domain.network_models import network_index

MODELS_PLACE = "/models"
"""Where the model file is seen in the container, read-only."""

OWNER_LABEL = "cortensor-tui.node"
PLAN_LABEL = "cortensor-tui.plan"

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_.-]+")
_BOUNDED_LOG = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}}


class ContainerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One model server as the settings want it.

    `owner` tells the containers of this node from those of others. `image_port` None is the one port that the
    image says it serves. `gpu_device_ids` None is no GPU, () is all of them. `threads` None is up to the
    server. `memory_bytes` None is as much as there is.
    """

    image: str
    name: str
    owner: str
    host_port: int
    image_port: int | None = None
    model_path: Path | None = None
    command: tuple[str, ...] = ()
    context_tokens: int = 2048
    threads: int | None = None
    gpu_layers: int = 0
    gpu_device_ids: tuple[str, ...] | None = None
    memory_bytes: int | None = None


def network_number(setting: str) -> int | None:
    """Return which of the network's models LLM_CONTAINER_IMAGE means, None where it is an image of others.

    It is given by its number, or by the name that the network has for it, as in deepseek-r1:8b-gpu.
    """
    if setting.isdecimal():
        return int(setting)
    return network_index(setting)


def image_name(setting: str, registry: str) -> str:
    """Return the image that LLM_CONTAINER_IMAGE means.

    The network names its images cts-llm, cts-llm-1, cts-llm-2 and so on; in which registry they are is not
    public, so that is said by `registry`, "" for this machine alone.
    """
    number = network_number(setting)
    if number is None:
        return setting
    name = "cts-llm" if number == 0 else f"cts-llm-{number}"
    return f"{registry.rstrip('/')}/{name}" if registry else name


def container_name(prefix: str, image: str) -> str:
    """Return a container's name: this node's prefix, and the image's name without registry and digest."""
    last = image.partition("@")[0].rsplit("/", 1)[-1]
    return f"{prefix}{_NOT_IN_A_NAME.sub('-', last)}".lstrip("_.-")


def create_body(plan: ContainerPlan, image_id: str, image_port: int) -> dict[str, Any]:
    """Return what Docker is asked to make.

    The port is open on this machine alone. What the container runs gets no new privileges, and its log is
    bounded where it is kept.
    """
    port = f"{image_port}/tcp"
    host: dict[str, Any] = {
        "PortBindings": {port: [{"HostIp": "127.0.0.1", "HostPort": str(plan.host_port)}]},
        "RestartPolicy": {"Name": "no"},
        "SecurityOpt": ["no-new-privileges"],
        "LogConfig": _BOUNDED_LOG,
    }
    if plan.model_path is not None:
        host["Mounts"] = [_mounted(plan.model_path)]
    if plan.gpu_device_ids is not None:
        host["DeviceRequests"] = [_gpus(plan.gpu_device_ids)]
    if plan.memory_bytes is not None:
        host["Memory"] = plan.memory_bytes
    body: dict[str, Any] = {
        "Image": image_id,
        "Env": [f"{name}={value}" for name, value in environment(plan, image_port).items()],
        "ExposedPorts": {port: {}},
        "HostConfig": host,
    }
    if plan.command:
        body["Cmd"] = [_filled(word, plan, image_port) for word in plan.command]
    body["Labels"] = {OWNER_LABEL: plan.owner, PLAN_LABEL: _digest(body)}
    return body


def environment(plan: ContainerPlan, image_port: int) -> dict[str, str]:
    """Return the variables that a server in a container may read.

    HOST, PORT and CPU_THREADS are what the network's llamafile images take, LLAMA_ARG_* is llama-server's
    own, OLLAMA_* Ollama's; to any other server they mean nothing.
    """
    found = {
        "HOST": "0.0.0.0",  # noqa: S104 - inside the container; outside it is on the loopback alone
        "PORT": str(image_port),
        "LLAMA_ARG_HOST": "0.0.0.0",  # noqa: S104
        "LLAMA_ARG_PORT": str(image_port),
        "LLAMA_ARG_CTX_SIZE": str(plan.context_tokens),
        "LLAMA_ARG_N_GPU_LAYERS": str(plan.gpu_layers if plan.gpu_layers >= 0 else 999),
        "OLLAMA_CONTEXT_LENGTH": str(plan.context_tokens),
    }
    if plan.model_path is not None:
        found["LLAMA_ARG_MODEL"] = f"{MODELS_PLACE}/{plan.model_path.name}"
    if plan.threads is not None:
        found |= {"CPU_THREADS": str(plan.threads), "LLAMA_ARG_THREADS": str(plan.threads)}
    return found


def _mounted(model: Path) -> dict[str, Any]:
    """Return a mount of the model alone: beside it may be keys, and the image is somebody else's."""
    return {
        "Type": "bind",
        "Source": str(model.resolve()),
        "Target": f"{MODELS_PLACE}/{model.name}",
        "ReadOnly": True,
    }


def _filled(word: str, plan: ContainerPlan, image_port: int) -> str:
    """Put the plan's values where a word of the command names them."""
    model = f"{MODELS_PLACE}/{plan.model_path.name}" if plan.model_path is not None else ""
    values = {"{port}": str(image_port), "{model}": model, "{context}": str(plan.context_tokens)}
    for place, value in values.items():
        word = word.replace(place, value)
    return word


def _gpus(device_ids: tuple[str, ...]) -> dict[str, Any]:
    asked = {"DeviceIDs": list(device_ids)} if device_ids else {"Count": -1}
    return {**asked, "Capabilities": [["gpu"]]}


def _digest(body: dict[str, Any]) -> str:
    """Tell one plan from another: a container is taken over only where nothing about it was changed."""
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()
