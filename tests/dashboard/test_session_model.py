"""A session's detail says which model the session asks for, and whether that is what the node has loaded."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.present.freshness import PRESENT
from cortensor_tui.dashboard.present.session_detail import SessionFacts, session_entries
from cortensor_tui.dashboard.present.session_fields import fixed_terms
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.models import ModelFile

from . import samples

SMOL = EngineHealth(
    state=EngineState.READY,
    engine="llama.cpp",
    model="SmolLM2-135M",
    model_file=ModelFile(file_name="SmolLM2-135M.gguf", file_bytes=1, weight_count=134_515_008),
)
GEMMA = EngineHealth(state=EngineState.READY, engine="ollama", model="gemma3:270m")


def model_told(index: int | None, engine: EngineHealth | None) -> tuple[str, str] | None:
    """Return what stands beside "model", and its role."""
    view = samples.sessions()[0]
    session = msgspec.structs.replace(view.session, model_identifier=index)
    facts = SessionFacts(
        view=msgspec.structs.replace(view, session=session), node=samples.NODE, engine=engine
    )
    found = [(entry.text, entry.role) for entry in session_entries(facts, PRESENT) if entry.label == "model"]
    return found[0] if found else None


def test_the_model_is_named_and_held_against_what_is_loaded() -> None:
    title = "model 12 of the network (gemma3:270m)"
    other = f"{title}, which is not what is loaded here: it has 135m weights, not 270m"
    assert model_told(12, SMOL) == (other, "warn")
    assert model_told(12, GEMMA) == (f"{title}, which is loaded here: it has the same name", "plain")
    assert model_told(12, None) == (title, "plain")


def test_what_cannot_be_told_is_said_to_be_so() -> None:
    told = model_told(99, SMOL)
    assert told == (
        "model 99 of the network (a number that it has not published), which may or may not be loaded here: "
        "the network has published no model 99",
        "muted",
    )
    assert model_told(None, SMOL) is None, "the old contracts keep no model"


def test_the_terms_of_a_session_name_its_model() -> None:
    session = msgspec.structs.replace(samples.sessions()[0].session, model_identifier=12)
    assert fixed_terms(session).startswith("model 12 of the network (gemma3:270m), service low")
