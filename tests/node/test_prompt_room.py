"""A prompt that is too long for a transaction is refused before it is signed, and how much fits is told."""

from __future__ import annotations

import re

import pytest

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.owner_messages import Sent, Submit
from cortensor_tui.node.session_messages import ActChecked, CheckAct
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.node.session_owner import Owner, owner

__all__ = ["owner"]
pytestmark = pytest.mark.real


async def refused(owner: Owner, asked: Submit) -> Problem:
    with pytest.raises(ProblemError) as told:
        await owner.ask(asked, Sent)
    return told.value.problem


# More gas with its margin than a block has; more than a key may sign; more than a trial run is given; more
# than one transaction carries.
@pytest.mark.parametrize("size", [36_000, 40_000, 65_000, 94_000])
async def test_a_prompt_that_no_transaction_holds_is_refused_unsigned_with_what_fits(
    devnet: DevnetOnAnvil, owner: Owner, size: int
) -> None:
    session_id = await devnet.create_session(OWNER)
    problem = await refused(owner, Submit(session_id=session_id, prompt="x" * size))
    assert (problem.code, problem.what) == ("bad_prompt", "The prompt is too long")
    said = re.fullmatch(
        rf"it has {size:,} bytes in UTF-8, about (\d+) KiB fit a transaction here", problem.why
    )
    assert said is not None, problem
    assert owner.stream.told == []
    fitting = int(said[1])
    sent = await owner.ask(Submit(session_id=session_id, prompt="x" * fitting * 1024), Sent)
    assert sent.task_key is not None
    again = await refused(owner, Submit(session_id=session_id, prompt="x" * (fitting + 2) * 1024))
    assert again.code == "bad_prompt", "what is said to fit is nearly all that does"


async def test_the_form_is_told_the_same_before_it_asks(devnet: DevnetOnAnvil, owner: Owner) -> None:
    session_id = await devnet.create_session(OWNER)
    act = CheckAct(act=Submit(session_id=session_id, prompt="é" * 25_000))
    checked = await owner.ask(act, ActChecked)
    assert not checked.checks[-1].is_met
    assert "it has 50,000 bytes in UTF-8, about " in checked.checks[-1].detail


async def test_what_is_refused_for_another_reason_is_not_called_too_long(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER)
    await devnet.send(OWNER, "SessionV2", "deactivateSession", session_id)
    problem = await refused(owner, Submit(session_id=session_id, prompt="x" * 20_000))
    assert problem.code == "reverted"
    assert "active" in problem.why
