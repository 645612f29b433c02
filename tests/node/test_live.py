"""What is told of the run going on: when the engine gave its last token."""

from __future__ import annotations

from cortensor_tui.domain.inference import Token
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.live import LiveRuns
from cortensor_tui.node.live_messages import LiveInference
from tests.dashboard import samples
from tests.support.clock import StandingClock

KEY = TaskKey(7, 12)


def told(hub: Hub) -> LiveInference:
    live = hub.snapshot().live
    assert live is not None
    return live


def test_the_time_of_the_last_token_goes_with_the_run() -> None:
    clock, hub = StandingClock(), Hub(samples.status())
    run = LiveRuns(hub, clock)
    run.start(KEY, "Is it?")
    assert told(hub).token_at is None
    clock.pass_s(3)
    run.event(KEY, Token(text="It", count=1, at_ms=3_000.0))
    spoke_at = clock.now()
    clock.pass_s(40)  # whoever attaches now sees for how long nothing came
    run.flush()
    assert told(hub).token_at == spoke_at
    run.start(KEY, "Is it?")
    assert told(hub).token_at is None
