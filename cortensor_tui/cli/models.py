"""`models`: the model files that are here, the network's numbers for models, and which one the node uses."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cortensor_tui.cli import config
from cortensor_tui.cli.asking import read_node
from cortensor_tui.cli.dashboard_form import DEFAULT_ENV
from cortensor_tui.cli.formats import UNKNOWN, labelled, table
from cortensor_tui.cli.model_shapes import fit_json, loaded_json, network_json, on_disk_json
from cortensor_tui.cli.options import AsJson, Env
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text, usage_error
from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.inference import EngineHealth
from cortensor_tui.domain.models import MemoryFit, ModelOnDisk
from cortensor_tui.domain.network_models import network_model, network_models
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.node.messages import GetStatus, StatusChanged

SETTING = "CORTENSOR_TUI_MODEL_PATH"
_MIB, _GIB = 2**20, 2**30
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")

model_commands = typer.Typer(help="Model files: list, look at, fetch or use one.", rich_markup_mode=None)
Target = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        show_default=False,
        help="A file, its name in the model folder, a number, or default.",
    ),
]


@model_commands.command("list")
def list_(env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """List the files of the model folder, which one is loaded, and the network's numbers for models."""
    from cortensor_tui.launch import models

    folder = models.model_folder(env.expanduser(), os.environ)
    loaded = _loaded(env)
    if as_json:
        print_json(
            {
                "folder": str(folder.path),
                "in_use": str(folder.in_use),
                "loaded": loaded_json(loaded),
                "files": [on_disk_json(found) for found in folder.models],
                "network": [network_json(model) for model in network_models()],
            }
        )
        return Exit.DONE
    print_text(_loaded_words(loaded))
    print_text(f"\nIn {inert(str(folder.path))} (* the settings name it):")
    rows = [_file_row(found, is_in_use=found.path == str(folder.in_use)) for found in folder.models]
    headers = ("", "FILE", "MIB", "FAMILY", "QUANTISATION", "CONTEXT", "NETWORK'S NUMBER")
    print_text(table(headers, rows, ("MIB", "CONTEXT")) if rows else "no model files")
    for found in folder.models:
        if found.problem is not None:
            why = inert(found.problem.why or found.problem.what, 120)
            print_text(f"   {inert(Path(found.path).name, 60)} cannot be used: {why}")
    print_text("\nThe network's models:")
    here = {
        index: inert(Path(found.path).name, 40) for found in folder.models for index in found.network_indexes
    }
    numbers = [
        (str(one.index), one.name, one.runtime, one.purpose, here.get(one.index, UNKNOWN))
        for one in network_models()
    ]
    print_text(table(("NUMBER", "NAME", "RUN BY", "FOR", "FILE"), numbers, ("NUMBER",)))
    return Exit.DONE


@model_commands.command("info")
def info(model: Target, env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Tell what a model file is, its SHA-256, and whether it fits into memory now."""
    from cortensor_tui.launch import models

    found, fit = models.model_info(env.expanduser(), os.environ, model)
    if as_json:
        print_json({"model": on_disk_json(found), "memory": fit_json(fit)})
    else:
        print_text(labelled([*_file_pairs(found), *_fit_pairs(fit)]))
    return Exit.DONE


@model_commands.command("get")
def get(
    model: Annotated[
        str, typer.Argument(metavar="default|URL", help="The default model, or a file's web address.")
    ] = "default",
    sha256: Annotated[
        str, typer.Option("--sha256", metavar="DIGEST", help="What the file's bytes must hash to.")
    ] = "",
    most_gib: Annotated[
        int, typer.Option("--most-gib", metavar="N", min=1, max=1024, help="The most to take of a URL.")
    ] = 64,
    env: Env = DEFAULT_ENV,
    as_json: AsJson = False,
) -> int:
    """Fetch a model into the model folder; a transfer that broke off goes on where it stopped."""
    from cortensor_tui.launch import models

    path = env.expanduser()
    if model == "default":
        fetched = models.get_default_model(path, os.environ, _progress())
    elif model.startswith(("http://", "https://")):
        if not _SHA256.fullmatch(sha256):
            raise _no_digest(sha256)
        fetched = models.get_model_from(path, os.environ, model, sha256.lower(), most_gib * _GIB, _progress())
    else:
        fetched = Path(models.model_info(path, os.environ, model)[0].path)  # here, or where to get it
    if as_json:
        print_json({"path": str(fetched)})
    else:
        using = command_for(env, f"models use {inert(fetched.name)}")
        print_text(f"{inert(str(fetched))} is here. Use it with: {using}")
    return Exit.DONE


@model_commands.command("use")
def use(model: Target, env: Env = DEFAULT_ENV, as_json: AsJson = False) -> int:
    """Have the settings name a model; a running node takes it at its next start."""
    from cortensor_tui.launch import models

    path = models.model_to_use(env.expanduser(), os.environ, model)
    return config.change(env, SETTING, None if path is None else str(path), as_json)


def _no_digest(sha256: str) -> ProblemError:
    what, why = "A web address needs --sha256", "a file is only taken whose bytes are known"
    if sha256:
        what, why = (
            "What --sha256 gives is no SHA-256",
            f"it has {len(sha256)} characters, and not 64 hex digits",
        )
    return usage_error(what, why, "Give 64 hex digits, as the file's publisher states them")


def _loaded(env: Path) -> EngineHealth | None:
    """Return the running node's engine, None where none runs for these settings."""
    try:
        status = read_node(env.expanduser(), GetStatus(), StatusChanged).status
    except ProblemError as error:
        if error.problem.code != "no_node":
            raise
        return None
    return None if status.is_watching else status.engine


def _loaded_words(engine: EngineHealth | None) -> str:
    if engine is None:
        return "No node with an engine runs for these settings."
    file = engine.model_file
    name = inert(file.file_name if file else engine.model) or "a model that it does not name"
    return f"Loaded: {name}, {inert(engine.engine)}, {engine.state.value}"


def _file_row(found: ModelOnDisk, *, is_in_use: bool) -> tuple[str, ...]:
    mark, name = "*" if is_in_use else "", inert(Path(found.path).name, 60)
    file = found.file
    if file is None:
        return mark, name, *(UNKNOWN,) * 5
    return (
        mark,
        name,
        f"{file.file_bytes // _MIB:,}",
        file.architecture or UNKNOWN,
        file.quantisation or UNKNOWN,
        _number(file.trained_tokens),
        ", ".join(map(str, found.network_indexes)) or UNKNOWN,
    )


def _file_pairs(found: ModelOnDisk) -> list[tuple[str, str]]:
    file = found.file
    if file is None:
        return [("file", inert(found.path))]
    numbers = [
        f"{index} ({one.name})"
        for index in found.network_indexes
        if (one := network_model(index)) is not None
    ]
    return [
        ("file", f"{inert(found.path)}, {file.file_bytes // _MIB:,} MiB"),
        ("name", file.name or UNKNOWN),
        ("family", f"{file.architecture or UNKNOWN}, {_number(file.weight_count)} weights"),
        ("quantisation", file.quantisation or UNKNOWN),
        ("trained for", f"{_number(file.trained_tokens)} tokens of context"),
        ("sha256", file.sha256),
        ("network", ", ".join(numbers) or "none of the network's models, as far as names and sizes tell"),
    ]


def _fit_pairs(fit: MemoryFit) -> list[tuple[str, str]]:
    verdict = "fits" if fit.fits else "does not fit"
    needs = f"{verdict}: needs {_mib(fit.own_needed_bytes)} of {_mib(fit.free_bytes)} MiB free"
    if fit.gpu_needed_bytes is not None:
        needs += f", and {_mib(fit.gpu_needed_bytes)} of {_mib(fit.gpu_free_bytes)} MiB free on the GPU"
    weights, context, work = map(_mib, (fit.weights_bytes, fit.kv_bytes, fit.working_bytes))
    parts = f"weights {weights}, context {context}, to work {work} MiB"
    largest = _number(fit.largest_context_tokens)
    shared = f", which {fit.slots} tasks at once share" if fit.slots > 1 else ""
    return [
        ("memory", needs),
        ("", f"{parts}, with a context of {_number(fit.context_tokens)} tokens{shared}"),
        (
            "a token",
            f"{_number(fit.kv_bytes_per_token)} bytes of context; the largest that fits has {largest}",
        ),
    ]


def _progress() -> Callable[[int, int | None], None]:
    """Return what tells on stderr how far a transfer is, ten times in all."""
    shown = -1

    def show(done_bytes: int, total_bytes: int | None) -> None:
        nonlocal shown
        tenth = 10 * done_bytes // total_bytes if total_bytes else done_bytes // _GIB
        if tenth > shown:
            shown = tenth
            of = f" of {total_bytes / 1e6:.0f}" if total_bytes else ""
            print_notice(f"model: {done_bytes / 1e6:.0f}{of} MB")

    return show


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def _mib(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value // _MIB:,}"
