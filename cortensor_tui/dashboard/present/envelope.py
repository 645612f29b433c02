"""What made an answer, as the lines of a task's detail."""

from __future__ import annotations

from collections.abc import Iterator

from cortensor_tui.dashboard.format import UNKNOWN, number
from cortensor_tui.dashboard.present.labelled import labelled, section, short
from cortensor_tui.dashboard.stops import ReportLine, stop_at
from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.tasks import TaskView

MADE_BY_TITLE = "Made by"
_SWITCH = {True: "on", False: "off", None: UNKNOWN}


def envelope_lines(task: TaskView, width: int) -> Iterator[ReportLine]:
    """Yield all that an answer depends on beside its prompt; nothing as long as there is no answer."""
    if task.envelope is not None:
        yield from section(MADE_BY_TITLE, width)
        yield from _lines(task.envelope, width)
    elif task.answer_hash is not None:
        yield from section(MADE_BY_TITLE, width, "not kept by the version that answered")


def _lines(made: Envelope, width: int) -> Iterator[ReportLine]:
    yield from labelled("engine", _words(made.engine), width)
    yield from labelled("build", _words(made.build), width)
    yield from labelled("model", _words(made.model_file), width)
    yield from _digest("model SHA", "model's SHA-256", made.model_sha256, width)
    yield from _digest("template", "chat template's SHA-256", made.template_sha256, width)
    sizes = f"context {number(made.context_tokens)}, batch {number(made.batch_tokens)} tokens"
    yield from labelled("sizes", sizes, width)
    threads = f"decode {number(made.decode_threads)}, prefill {number(made.prefill_threads)}"
    yield from labelled("threads", threads, width)
    if made.gpu_layers is not None:
        yield from labelled("GPU", f"{made.gpu_layers} layers" if made.gpu_layers else "none", width)
    yield from labelled("slots", f"{number(made.slots)}, {number(made.slots_busy)} busy at most", width)
    yield from labelled("reused", f"{number(made.reused_tokens)} tokens of the prompt", width)
    attention = f"flash {_SWITCH[made.flash_attention]}, KV {_words(made.kv_type)}"
    yield from labelled("attention", attention, width)
    chain = UNKNOWN if made.sampler_chain is None else " → ".join(made.sampler_chain)
    yield from labelled("sampler", f"seed {_seed(made.seed)}, {short(chain)}", width)
    yield from labelled("repeatable", _REPRODUCIBLE[made.is_reproducible], width)
    yield from _digest("prompt SHA", "prompt's SHA-256", made.prompt_sha256, width)
    yield from _digest("parameters", "parameters' SHA-256", made.parameters_sha256, width)


_REPRODUCIBLE = {True: "asked for: alone, nothing reused", False: "not asked for", None: UNKNOWN}


def _digest(label: str, name: str, value: str | None, width: int) -> list[ReportLine]:
    return stop_at(labelled(label, value or UNKNOWN, width), name, value or "")


def _words(text: str | None) -> str:
    return UNKNOWN if text is None else short(text)


def _seed(seed: int | None) -> str:
    return UNKNOWN if seed is None else str(seed)
