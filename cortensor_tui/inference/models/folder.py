"""The folder of model files that all engines share, and how one of them is named."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.models import ModelOnDisk
from cortensor_tui.domain.network_models import NetworkModel, network_index, network_model, numbers_of
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.inference.models.digest import known_sha256
from cortensor_tui.inference.models.gguf import check_gguf
from cortensor_tui.inference.models.model_file import described
from cortensor_tui.inference.models.packaged import DEFAULT_MODEL

DEFAULT_NAME = "default"
MOST_FILES = 1_000
_SUFFIX = ".gguf"


def models_in(folder: Path) -> tuple[ModelOnDisk, ...]:
    """Return the folder's model files by name, each by its header alone; none where there is no folder."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == _SUFFIX)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise problem_error(
            "models_unreadable",
            f"The model folder {folder} cannot be read",
            error.strerror or str(error),
            "Check CORTENSOR_TUI_MODELS_DIR and the folder's rights",
        ) from error
    return tuple(model_on_disk(path) for path in paths[:MOST_FILES])


def model_on_disk(path: Path) -> ModelOnDisk:
    """Return what a file says of itself; its digest only where that is noted beside it."""
    try:
        file = described(path, check_gguf(path), known_sha256(path) or "")
    except ProblemError as error:
        return ModelOnDisk(path=str(path), problem=error.problem)
    return ModelOnDisk(path=str(path), file=file, network_indexes=numbers_of("", file))


def find_model(target: str, folder: Path) -> Path:
    """Return the file that a person means: "default", a network's number or name, a file's name, or a path.

    Raises `ProblemError` "no_such_model" with where the model is to be had.
    """
    if target == DEFAULT_NAME:
        return folder / DEFAULT_MODEL.file_name
    if target.isascii() and target.isdecimal() and len(target) < 6:
        return _of_number(int(target), folder)
    for name in (target, f"{target}{_SUFFIX}"):
        if "/" not in target and _is_listed(folder / name):
            return folder / name
    path = Path(target).expanduser()
    if path.is_file():
        return path.absolute()
    index = network_index(target)
    if index is not None:
        return _of_number(index, folder)
    why = f"it is no file, no name in {folder} and no number or name of the network"
    if "://" in target:
        why = "of addresses, only those with http:// or https:// are fetched"
    raise problem_error(
        "no_such_model",
        f"There is no model {inert(target, 120)}",
        why,
        "See what there is with: cortensor-tui models list",
    )


def _is_listed(path: Path) -> bool:
    """Tell whether something of a model's name is there, even if it is none, such as a folder."""
    return path.is_file() or (path.suffix.lower() == _SUFFIX and path.exists())


def _of_number(index: int, folder: Path) -> Path:
    for found in models_in(folder):
        if index in found.network_indexes:
            return Path(found.path)
    wanted = network_model(index)
    if wanted is None:
        raise problem_error(
            "no_such_model",
            f"The network has published no model {index}",
            "",
            "See its numbers with: cortensor-tui models list",
        )
    raise problem_error(
        "no_such_model",
        f"Model {index} of the network, {wanted.name}, is not in {folder}",
        "",
        where_to_get(wanted, folder),
    )


def where_to_get(wanted: NetworkModel, folder: Path) -> str:
    """Return how a model of the network is to be had."""
    own = f"put a GGUF file of it into {folder}, or: cortensor-tui models get URL --sha256 DIGEST"
    if wanted.runtime == "ollama":
        pulled = f"ollama pull {wanted.name}, with CORTENSOR_TUI_ENGINE=http"
        return f"The network runs it in Ollama: {pulled}. Or {own}"
    return f"{own[:1].upper()}{own[1:]}"
