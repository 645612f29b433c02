"""Whoever may not read a prompt gets no digest of it either: a guess could be held against that."""

from __future__ import annotations

from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.node.redaction import Sight
from cortensor_tui.settings.model import PrivateSessions

MADE = Envelope(model_sha256="ab" * 32, prompt_sha256="cd" * 32, parameters_sha256="ef" * 32, seed=7)
TASK = TaskView(key=TaskKey(3, 4), stage=Stage.ENDED, prompt="a secret", answer="another", envelope=MADE)
OLDER = TaskView(key=TaskKey(3, 5), stage=Stage.ENDED, prompt="a secret", answer="another")


def test_the_prompts_digest_is_told_only_with_the_prompt() -> None:
    sight = Sight(PrivateSessions(is_all=True))
    hidden = sight.of(TASK).envelope
    assert hidden == Envelope(model_sha256="ab" * 32, parameters_sha256="ef" * 32, seed=7)
    sight.reveal(3)
    assert sight.of(TASK).envelope == MADE


def test_a_viewer_gets_no_digest_of_any_prompt() -> None:
    found = Sight(PrivateSessions(), is_viewer=True).of(TASK).envelope
    assert found is not None
    assert found.prompt_sha256 is None


def test_an_answer_without_an_envelope_stays_so() -> None:
    assert Sight(PrivateSessions(is_all=True)).of(OLDER).envelope is None
