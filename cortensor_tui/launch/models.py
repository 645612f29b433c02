"""Model files for the command line: what there is, what one needs, and how one is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cortensor_tui.domain.models import MemoryFit, ModelOnDisk
from cortensor_tui.inference.choosing import gpu_layers
from cortensor_tui.inference.gpus import GpuReader
from cortensor_tui.inference.llama.gpu_support import has_gpu
from cortensor_tui.inference.models.folder import DEFAULT_NAME, find_model, model_on_disk, models_in
from cortensor_tui.inference.models.free_memory import free_memory_bytes
from cortensor_tui.inference.models.gguf import GgufSummary, check_gguf
from cortensor_tui.inference.models.memory import (
    WORKING_BYTES,
    applied_context,
    gpu_share,
    kv_bytes_per_token,
    largest_context,
    largest_context_beside,
    memory_need,
)
from cortensor_tui.inference.models.model_file import model_file_of
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL, fetch_default_model
from cortensor_tui.inference.models.url_download import ModelSource, OnProgress, fetch_from_url
from cortensor_tui.settings import Settings, load_settings


class ModelFolder(msgspec.Struct, frozen=True, kw_only=True):
    """The model folder, and the file that the settings name (it may not be there yet)."""

    path: Path
    models: tuple[ModelOnDisk, ...]
    in_use: Path


def model_folder(settings_path: Path, environ: Mapping[str, str]) -> ModelFolder:
    """Return what is in the model folder."""
    settings = load_settings(settings_path, environ)
    folder = settings.models_dir
    in_use = settings.model_path or folder / DEFAULT_MODEL.file_name
    return ModelFolder(path=folder, models=models_in(folder), in_use=in_use)


def model_info(settings_path: Path, environ: Mapping[str, str], target: str) -> tuple[ModelOnDisk, MemoryFit]:
    """Return all there is to know of one file, its digest too, and whether it fits into memory now."""
    settings = load_settings(settings_path, environ)
    path = find_model(target, settings.models_dir)
    summary = check_gguf(path)
    file = model_file_of(path, summary)
    found = msgspec.structs.replace(model_on_disk(path), file=file)
    fit = _fit(summary, settings)
    return found, fit


def _fit(summary: GgufSummary, settings: Settings) -> MemoryFit:
    """Return whether it fits into the machine's memory, or into that and the GPUs' where layers go there."""
    free = free_memory_bytes()
    need = memory_need(summary, settings.context_tokens)
    attention = summary.attention
    fit = MemoryFit(
        context_tokens=applied_context(summary, settings.context_tokens),
        slots=settings.slots,
        weights_bytes=need.weights_bytes,
        kv_bytes=None if attention is None else need.kv_bytes,
        kv_bytes_per_token=None if attention is None else kv_bytes_per_token(attention),
        working_bytes=WORKING_BYTES,
        free_bytes=free,
        largest_context_tokens=largest_context(summary, free),
    )
    share = gpu_share(summary, gpu_layers(settings))
    gpu_free = _gpu_free_bytes() if share else None
    if gpu_free is None:
        return fit
    return msgspec.structs.replace(
        fit,
        gpu_needed_bytes=int(share * (need.weights_bytes + need.kv_bytes)),
        gpu_free_bytes=gpu_free,
        largest_context_tokens=largest_context_beside(summary, share, free, gpu_free),
    )


def _gpu_free_bytes() -> int | None:
    """Return what is free on the GPUs that llama.cpp can use, None where it has none or nobody tells."""
    reading = GpuReader().read()
    if reading is None or reading.free_bytes is None or not has_gpu():
        return None
    return reading.free_bytes


def get_default_model(settings_path: Path, environ: Mapping[str, str], on_progress: OnProgress) -> Path:
    """Fetch the model that this program was tested with into the model folder, unless it is there."""
    return fetch_default_model(load_settings(settings_path, environ).models_dir, on_progress)


def get_model_from(
    settings_path: Path,
    environ: Mapping[str, str],
    url: str,
    sha256: str,
    most_bytes: int,
    on_progress: OnProgress,
) -> Path:
    """Fetch a file from a web address into the model folder, unless it is there."""
    source = ModelSource(url=url, sha256=sha256, most_bytes=most_bytes)
    return fetch_from_url(source, load_settings(settings_path, environ).models_dir, on_progress)


def model_to_use(settings_path: Path, environ: Mapping[str, str], target: str) -> Path | None:
    """Return the whole file that a person means, None for the default, which is fetched at the start.

    Raises `ProblemError` where it is not there, or is none that llama.cpp could load.
    """
    folder = load_settings(settings_path, environ).models_dir
    if target == DEFAULT_NAME:
        return None
    path = find_model(target, folder)
    check_gguf(path)
    return path
