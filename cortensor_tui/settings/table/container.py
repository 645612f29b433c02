"""The container that a model server runs in."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import Group, Spec, setting

_setting = partial(setting, Group.CONTAINER)

CONTAINER: Final[tuple[Spec, ...]] = (
    _setting(
        "LLM_CONTAINER_IMAGE",
        "container_image",
        kinds.IMAGE,
        "",
        "The model server's image by name, or a number or name of the network's list (12, gemma3:270m).",
        takes_empty=True,
    ),
    _setting(
        "CORTENSOR_TUI_CONTAINER_REGISTRY",
        "container_registry",
        kinds.IMAGE,
        "cortensor",
        "What stands before the names of the network's own images (cortensor/cts-llm-12); nothing for images "
        "of this machine alone. Where they are is not public.",
        takes_empty=True,
    ),
    _setting(
        "CORTENSOR_TUI_CONTAINER_COMMAND",
        "container_command",
        kinds.COMMAND,
        (),
        "What runs in the container, with {model}, {context} and {port} filled in.",
        default_words="what the image says",
    ),
    _setting(
        "CORTENSOR_TUI_CONTAINER_PORT",
        "container_port",
        kinds.optional(kinds.PORT),
        None,
        "Port of the server inside the container.",
        default_words="the one that the image names",
    ),
    _setting(
        "CORTENSOR_TUI_CONTAINER_MEMORY_MIB",
        "container_memory_mib",
        kinds.optional(kinds.whole(16, 16_777_216)),
        None,
        "The most memory that the container may have, in MiB.",
        default_words="what there is",
    ),
    _setting(
        "LLM_WORKER_BASE_PORT",
        "worker_base_port",
        kinds.optional(kinds.PORT),
        None,
        "Port of this machine for the container's server; LLM_WORKER_PORT_PREFIX is added to it.",
        default_words="LLM_PORT",
    ),
    _setting(
        "LLM_WORKER_PORT_PREFIX",
        "worker_port_prefix",
        kinds.whole(0, 65_534),
        0,
        "Added to LLM_WORKER_BASE_PORT, so that several nodes have ports of their own.",
    ),
    _setting(
        "LLM_WORKER_CONTAINER_NAME_PREFIX",
        "container_name_prefix",
        kinds.NAME_PART,
        "",
        "Begins the container's name, so that several nodes have containers of their own.",
        takes_empty=True,
    ),
    _setting(
        "LLM_GPU_CONTAINER",
        "container_gpu",
        kinds.FLAG,
        False,
        "1 gives the container the machine's NVIDIA GPUs.",
    ),
    _setting(
        "LLM_GPU_CONTAINER_DEVICE_IDS",
        "container_gpu_ids",
        kinds.DEVICE_IDS,
        (),
        "Which GPUs the container gets, such as 0,1.",
        default_words="all of them",
    ),
    _setting(
        "LLM_START_WAIT_SECONDS",
        "start_wait_s",
        kinds.decimal("1", "86400", "seconds"),
        120.0,
        "How long the container's log may stand still before its server answers. The network's default is "
        "10, too short for a large model on a slow disk.",
    ),
    _setting(
        "LLM_START_WAIT_SECONDS_ADDITIONAL_FOR_GPU",
        "start_wait_gpu_s",
        kinds.decimal("0", "86400", "seconds"),
        5.0,
        "Added to it with LLM_GPU_CONTAINER=1.",
    ),
)
