"""What came of the short prompt at load stands in the node's details."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.present.details import node_details
from cortensor_tui.domain.inference import SelfTest
from cortensor_tui.domain.problems import Problem

from . import samples

SILENT = Problem(code="model_silent", what="The model answers nothing", remedy="Use another")


def told(found: SelfTest | None) -> list[tuple[str, str]]:
    """Return the self-test's lines, each with its role."""
    status = samples.status()
    engine = msgspec.structs.replace(status.engine, self_test=found)
    details = node_details(msgspec.structs.replace(status, engine=engine))
    labels = [detail.label for detail in details]
    if "self-test" not in labels:
        return []
    at = labels.index("self-test")
    return [(detail.text, detail.role) for detail in details[at : labels.index("context")]]


def test_its_speed_is_told_and_what_was_not_measured_is_unknown() -> None:
    [(text, role)] = told(SelfTest(at=samples.NOW, answer_tokens=16, decode_tokens_per_s=41.2))
    assert text.startswith("16 tokens, prefill –, decode 41.2 tok/s")
    assert role == "plain"


def test_what_is_wrong_stands_below() -> None:
    [_, wrong] = told(SelfTest(at=samples.NOW, problem=SILENT))
    assert wrong == ("The model answers nothing. Use another.", "warn")


def test_without_one_nothing_is_told() -> None:
    assert told(None) == []
