"""What a settings file asks of this machine: whether its files, programs and hardware are there.

The parser of the settings reads the file alone; this looks around, for `config check`. A problem is what
keeps the engine from running, a note what is done otherwise than it is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping

import msgspec

from cortensor_tui.domain.network_models import network_model, network_models
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.choosing import gpu_layers, reads_model_file
from cortensor_tui.inference.container.plan import network_number
from cortensor_tui.inference.llama.gpu_support import has_gpu
from cortensor_tui.inference.models.gguf import check_gguf
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL
from cortensor_tui.inference.problems import context_cut, no_gpu
from cortensor_tui.settings import SettingNote, SettingProblem, Settings, SourceKind
from cortensor_tui.settings.engine_rules import IMAGE_KEY, TOKEN_FILE_KEY
from cortensor_tui.settings.key_files import unusable_file
from cortensor_tui.settings.parsers import ALL_THREADS
from cortensor_tui.settings.token_file import read_token_file

_MODEL_KEY = "CORTENSOR_TUI_MODEL_PATH"
_CONTEXT_KEY = "LLM_OPTION_CONTEXT_SIZE"


class MachineFindings(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with what the settings name on this machine, and what is only odd."""

    problems: tuple[SettingProblem, ...]
    notes: tuple[SettingNote, ...]


def check_machine(settings: Settings, environ: Mapping[str, str]) -> MachineFindings:
    """Look at what the chosen engine and IPFS need here; nothing is loaded, started or asked."""
    problems, notes = _model_file(settings)
    problems += _token_file(settings)
    notes += [*_hardware(settings), *_container(settings), *_ipfs(settings, environ)]
    return MachineFindings(problems=tuple(problems), notes=tuple(notes))


def _model_file(settings: Settings) -> tuple[list[SettingProblem], list[SettingNote]]:
    if not reads_model_file(settings):
        return [], _model_of_container(settings)
    path = settings.model_path or settings.models_dir / DEFAULT_MODEL.file_name
    if settings.model_path is None and not path.exists():
        return [], []  # it is fetched at the start
    try:
        summary = check_gguf(path)
    except ProblemError as error:
        return [unusable_file(settings, _MODEL_KEY, error.problem)], []
    cut = context_cut(settings.context_tokens, summary.context_tokens)
    return [], [] if cut is None else [_note(settings, _CONTEXT_KEY, cut.sentence().rstrip("."))]


def _model_of_container(settings: Settings) -> list[SettingNote]:
    """Return that the file which a container would be shown is not there."""
    path = settings.model_path
    is_shown = settings.engine == "container" and network_number(settings.container_image) is None
    if path is None or not is_shown or path.is_file():
        return []
    return [
        _note(settings, _MODEL_KEY, f"{_MODEL_KEY} names no file, so the container is shown none: {path}")
    ]


def _token_file(settings: Settings) -> list[SettingProblem]:
    path = settings.engine_token_file
    if path is None or settings.engine == "llama":
        return []
    try:
        read_token_file(path)
    except ProblemError as error:
        return [unusable_file(settings, TOKEN_FILE_KEY, error.problem)]
    return []


def _hardware(settings: Settings) -> Iterator[SettingNote]:
    if settings.engine != "llama":
        return
    if gpu_layers(settings) and has_gpu() is False:
        yield _note(settings, "LLM_OPTION_GPU", no_gpu().sentence().rstrip("."))
    cores = os.cpu_count() or 1
    asked = {
        "LLM_OPTION_CPU_THREADS": settings.cpu_threads,
        "CORTENSOR_TUI_DECODE_THREADS": settings.decode_threads,
        "CORTENSOR_TUI_PREFILL_THREADS": settings.prefill_threads,
    }
    for key, threads in asked.items():
        if threads is not None and cores < threads < ALL_THREADS:
            yield _note(settings, key, f"{key} asks for {threads} threads; {cores} are used, a core each")


def _container(settings: Settings) -> Iterator[SettingNote]:
    number = network_number(settings.container_image) if settings.engine == "container" else None
    if number is not None and network_model(number) is None:
        last = network_models()[-1].index
        text = (
            f"{IMAGE_KEY} is {number}, and the network's models that are known here are 0 to {last}; see "
            "them with: cortensor-tui models list"
        )
        yield _note(settings, IMAGE_KEY, text)


def _ipfs(settings: Settings, environ: Mapping[str, str]) -> Iterator[SettingNote]:
    command = settings.ipfs_command
    if settings.ipfs_server_enabled:
        if shutil.which(command, path=environ.get("PATH")) is None:
            text = (
                f"ENABLE_IPFS_SERVER is 1, and there is no program {command} to run; install Kubo (`ipfs`), "
                "name another in CORTENSOR_TUI_IPFS_COMMAND, or set it to 0"
            )
            yield _note(settings, "ENABLE_IPFS_SERVER", text)
    elif settings.ipfs_answers == "always" and not settings.ipfs_urls:
        key = "CORTENSOR_TUI_IPFS_ANSWERS"
        text = (
            f"{key} is always, and there is no IPFS node to bring answers to; set CORTENSOR_TUI_IPFS_URLS or "
            "ENABLE_IPFS_SERVER=1"
        )
        yield _note(settings, key, text)


def _note(settings: Settings, key: str, text: str) -> SettingNote:
    [value] = [value for value in settings.values if value.key == key]
    return SettingNote(key=key, line=value.line if value.source is SourceKind.FILE else None, text=text)
