"""The JSON of the `models` commands, as docs/command-line.md describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.cli.output import problem_json
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.models import MemoryFit, ModelOnDisk
from cortensor_tui.domain.network_models import NetworkModel


def on_disk_json(found: ModelOnDisk) -> dict[str, Any]:
    """Return one file of the model folder."""
    file = found.file
    return {
        "path": found.path,
        "file_name": Path(found.path).name,
        "file_bytes": file.file_bytes if file else None,
        "sha256": (file.sha256 or None) if file else None,
        "name": (file.name or None) if file else None,
        "architecture": (file.architecture or None) if file else None,
        "quantisation": (file.quantisation or None) if file else None,
        "weight_count": file.weight_count if file else None,
        "trained_tokens": file.trained_tokens if file else None,
        "network_indexes": list(found.network_indexes),
        "problem": problem_json(found.problem) if found.problem else None,
    }


def network_json(model: NetworkModel) -> dict[str, Any]:
    """Return one model of the network's list."""
    return {
        "index": model.index,
        "name": model.name,
        "family": model.family,
        "size": model.size or None,
        "quantisation": model.quantisation or None,
        "runtime": model.runtime,
        "purpose": model.purpose,
    }


def loaded_json(engine: EngineHealth | None) -> dict[str, Any] | None:
    """Return what a running node has loaded, None where none runs."""
    if engine is None:
        return None
    file = engine.model_file
    return {
        "engine": engine.engine,
        "state": engine.state.value,
        "model": engine.model,
        "file_name": file.file_name if file else None,
        "sha256": (file.sha256 or None) if file else None,
    }


def fit_json(fit: MemoryFit) -> dict[str, Any]:
    """Return whether a model fits into memory, and what takes how much."""
    return msgspec.structs.asdict(fit) | {"needed_bytes": fit.needed_bytes, "fits": fit.fits}
