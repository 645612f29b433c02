"""What made an answer, as the detail of its task shows it."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.present.envelope import MADE_BY_TITLE, envelope_lines
from cortensor_tui.dashboard.stops import Stop
from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.tasks import Stage, TaskView

from . import samples

WIDTH = 100
WHOLE = Envelope(
    engine="llama.cpp (llama-cpp-python 0.3.36)",
    build="b1",
    model_file="SmolLM2.gguf",
    model_sha256="b1" * 32,
    context_tokens=2048,
    slots=4,
    slots_busy=2,
    reused_tokens=0,
    flash_attention=True,
    kv_type="f16",
    seed=7,
    sampler_chain=("top_k", "dist"),
    is_reproducible=False,
)


def shown(task: TaskView) -> list[str]:
    lines = (one.line if isinstance(one, Stop) else one for one in envelope_lines(task, WIDTH))
    return ["".join(span.text for span in one).rstrip() for one in lines]


def test_all_that_is_known_is_shown_and_the_rest_is_unknown() -> None:
    said = "\n".join(shown(msgspec.structs.replace(samples.ended_task(11), envelope=WHOLE)))
    assert "model       SmolLM2.gguf" in said
    assert "sizes       context 2,048, batch – tokens" in said
    assert "threads     decode –, prefill –" in said
    assert "slots       4, 2 busy at most" in said
    assert "reused      0 tokens of the prompt" in said
    assert "attention   flash on, KV f16" in said
    assert "sampler     seed 7, top_k → dist" in said
    assert "template    –" in said


def test_an_engine_that_tells_nothing_leaves_no_number() -> None:
    said = shown(msgspec.structs.replace(samples.ended_task(11), envelope=Envelope()))
    assert not any(character.isdigit() for line in said for character in line)


def test_digests_are_copied_whole() -> None:
    task = msgspec.structs.replace(samples.ended_task(11), envelope=WHOLE)
    stops = [one for one in envelope_lines(task, WIDTH) if isinstance(one, Stop)]
    assert [(stop.name, stop.copy) for stop in stops] == [("model's SHA-256", "b1" * 32)]


def test_an_answer_of_an_older_version_says_that_nothing_was_kept() -> None:
    [_, title] = shown(samples.ended_task(11))
    assert title.startswith(f" {MADE_BY_TITLE} not kept by the version that answered")
    assert shown(samples.task(12, Stage.ACKED)) == []


def test_a_models_name_is_a_strangers_text() -> None:
    odd = msgspec.structs.replace(WHOLE, model_file="a\x1b[31m.gguf", build="\n\n", sampler_chain=("\x07",))
    said = "".join(shown(msgspec.structs.replace(samples.ended_task(11), envelope=odd)))
    assert not {"\x1b", "\x07", "\n"} & set(said)
