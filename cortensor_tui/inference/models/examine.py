"""Everything about a model file that must be known before llama.cpp is let near it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cortensor_tui.domain.models import ModelFile
from cortensor_tui.inference.models.free_memory import free_memory_bytes
from cortensor_tui.inference.models.gguf import GgufSummary, check_gguf
from cortensor_tui.inference.models.memory import applied_context, largest_context, memory_need
from cortensor_tui.inference.models.model_file import model_file_of
from cortensor_tui.inference.problems import model_does_not_fit

MIB = 2**20


def examine_model(
    path: Path,
    context_tokens: int,
    gpu_layers: int,
    is_given_up: Callable[[], bool] = lambda: False,
    *,
    checks_memory: bool = True,
) -> ModelFile:
    """Return what a file is, once it is known to be whole and to fit into memory with that context.

    How much a GPU takes off the machine's memory is not known here, so with layers there nothing is refused;
    the engine's process refuses it where it has no GPU.
    Raises `ProblemError`: those of `check_gguf`, and "model_does_not_fit"; `DigestGivenUp` as
    `model_file_of` does.
    """
    summary = check_gguf(path)
    if checks_memory and gpu_layers == 0:
        require_fit(path, summary, context_tokens, free_memory_bytes())
    return model_file_of(path, summary, is_given_up)


def require_room(
    path: Path, context_tokens: int, gpu_layers: int, given_back_bytes: int, *, checks_memory: bool = True
) -> None:
    """Raise what `examine_model` does where a file cannot be loaded even with so much memory given back.

    Of what a process gives back, pages of its model's file count as free already: that it fits is known only
    when the process is gone.
    """
    summary = check_gguf(path)
    if checks_memory and gpu_layers == 0:
        require_fit(path, summary, context_tokens, free_memory_bytes() + given_back_bytes)


def require_fit(path: Path, summary: GgufSummary, context_tokens: int, free_bytes: int) -> None:
    """Raise "model_does_not_fit", with what would fit, where all together takes more than is free."""
    need = memory_need(summary, context_tokens)
    if need.total_bytes <= free_bytes:
        return
    context = applied_context(summary, context_tokens)
    tokens = "its context" if context is None else f"a context of {context:,} tokens"
    why = (
        f"It needs {need.total_bytes // MIB:,} MiB of {free_bytes // MIB:,} MiB free: "
        f"{need.weights_bytes // MIB:,} for the weights, {need.kv_bytes // MIB:,} for {tokens}, "
        f"{need.working_bytes // MIB:,} to work with"
    )
    fitting = largest_context(summary, free_bytes)
    raise model_does_not_fit(path.name, why, fitting)
