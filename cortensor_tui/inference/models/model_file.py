"""What a model file is: its header's words and the digest of its bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.models import ModelFile
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.inference.models.digest import file_sha256
from cortensor_tui.inference.models.gguf import GgufSummary, check_gguf

_MOST_NAME_CHARS = 200


def read_model_file(path: Path, is_given_up: Callable[[], bool] = lambda: False) -> ModelFile:
    """Return what a file is. Raises `ProblemError` as `check_gguf` and `model_file_of` do."""
    return model_file_of(path, check_gguf(path), is_given_up)


def model_file_of(
    path: Path, summary: GgufSummary, is_given_up: Callable[[], bool] = lambda: False
) -> ModelFile:
    """Return what a file is; the first time that takes about a second a gigabyte, for its digest.

    Raises `ProblemError` "model_unreadable", and `DigestGivenUp` soon after `is_given_up` gave true.
    """
    try:
        sha256 = file_sha256(path, is_given_up)
    except OSError as error:
        raise problem_error(
            "model_unreadable",
            f"The model file {path} cannot be read",
            error.strerror or str(error),
            "Check the disk and the file's permissions",
        ) from error
    return described(path, summary, sha256)


def described(path: Path, summary: GgufSummary, sha256: str) -> ModelFile:
    """Return a file's summary as all rooms know it; the digest "" where it is not known."""
    return ModelFile(
        file_name=inert(path.name, _MOST_NAME_CHARS),
        file_bytes=summary.file_bytes,
        sha256=sha256,
        architecture=summary.architecture,
        name=summary.name,
        quantisation=summary.quantisation,
        weight_count=summary.weight_count,
        trained_tokens=summary.context_tokens,
    )
