"""From the settings to the engine that they name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cortensor_tui.inference.container.docker_api import DockerApi
from cortensor_tui.inference.container.docker_socket import docker_socket
from cortensor_tui.inference.container.engine import ContainerEngine, ContainerPatience
from cortensor_tui.inference.container.own_container import OwnContainer
from cortensor_tui.inference.container.plan import ContainerPlan, container_name, image_name, network_number
from cortensor_tui.inference.engine import Engine, HealthListener
from cortensor_tui.inference.llama.process import LlamaProcess
from cortensor_tui.inference.models.examine import require_room
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.inference.switching import SwitchedEngine
from cortensor_tui.settings import Settings
from cortensor_tui.settings.engine_rules import engine_url, worker_port
from cortensor_tui.settings.token_file import read_token_file


def choose_engine(settings: Settings, model_path: Path, on_health: HealthListener) -> Engine:
    """Build the engine. `model_path` is where the model is or will be, for those that read it themselves.

    Raises `ProblemError` where DOCKER_HOST names a Docker that cannot hold the engine.
    """
    if settings.engine == "http":
        return _http(
            settings, engine_url(settings.engine_url, settings.llm_host, settings.llm_port), on_health
        )
    if settings.engine == "container":
        return _container(settings, model_path, on_health, os.environ)
    return _llama(settings, model_path, on_health)


def switched_engine(settings: Settings, model_path: Path, on_health: HealthListener) -> SwitchedEngine | None:
    """Build the engine whose model sessions may change; None where the settings want no such engine."""
    if not (settings.switches_model and reads_model_file(settings)):
        return None
    context, layers, checks_memory = settings.context_tokens, gpu_layers(settings), settings.checks_memory
    return SwitchedEngine(
        model_path,
        lambda path, listener: _llama(settings, path, listener),
        lambda path, given_back_bytes: require_room(
            path, context, layers, given_back_bytes, checks_memory=checks_memory
        ),
        on_health,
    )


def reads_model_file(settings: Settings) -> bool:
    """Tell whether the engine needs a model file on this machine."""
    return settings.engine == "llama"


def gpu_layers(settings: Settings) -> int:
    """Return how many layers go to the GPU: none unless it is on, all where the number is left open."""
    if not settings.gpu_enabled:
        return 0
    return -1 if settings.gpu_layers is None else settings.gpu_layers


def _llama(settings: Settings, model_path: Path, on_health: HealthListener) -> Engine:
    return LlamaProcess(
        model_path,
        context_tokens=settings.context_tokens,
        batch_tokens=settings.batch_tokens,
        threads=settings.cpu_threads,
        decode_threads=settings.decode_threads,
        prefill_threads=settings.prefill_threads,
        gpu_layers=gpu_layers(settings),
        mlock=settings.mlock,
        slots=settings.slots,
        checks_memory=settings.checks_memory,
        thread_file=settings.models_dir / "threads.json",
        on_health=on_health,
    )


def _http(settings: Settings, url: str, on_health: HealthListener) -> Engine:
    return OpenAiHttp(
        url,
        context_tokens=settings.context_tokens,
        token=lambda: _token(settings),
        model=settings.engine_model,
        on_health=on_health,
    )


def _container(
    settings: Settings, model_path: Path, on_health: HealthListener, environ: Mapping[str, str]
) -> Engine:
    plan = container_plan(settings, model_path)
    extra_s = settings.start_wait_gpu_s if settings.container_gpu else 0.0
    return ContainerEngine(
        OwnContainer(DockerApi(docker_socket(environ)), plan),
        plan,
        lambda url, on_server_health: _http(settings, url, on_server_health),
        on_health=on_health,
        patience=ContainerPatience(start_s=settings.start_wait_s + extra_s),
    )


def container_plan(settings: Settings, model_path: Path) -> ContainerPlan:
    """Return the container that the settings want.

    The network's own images have their model inside; any other is shown the model file, where there is one.
    """
    setting = settings.container_image
    image = image_name(setting, settings.container_registry)
    has_file = network_number(setting) is None and model_path.is_file()
    memory_mib = settings.container_memory_mib
    gpu_layers = -1 if settings.gpu_layers is None else settings.gpu_layers
    return ContainerPlan(
        image=image,
        name=container_name(settings.container_name_prefix, image),
        owner=str(settings.path.absolute()),
        host_port=worker_port(settings.worker_base_port, settings.worker_port_prefix, settings.llm_port),
        image_port=settings.container_port,
        model_path=model_path if has_file else None,
        command=settings.container_command,
        context_tokens=settings.context_tokens,
        threads=settings.cpu_threads,
        gpu_layers=gpu_layers if settings.container_gpu else 0,
        gpu_device_ids=settings.container_gpu_ids if settings.container_gpu else None,
        memory_bytes=None if memory_mib is None else memory_mib * 1024 * 1024,
    )


def _token(settings: Settings) -> str:
    if settings.engine_token_file is not None:
        return read_token_file(settings.engine_token_file)
    return settings.engine_token.reveal() if settings.engine_token is not None else ""
