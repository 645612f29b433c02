"""Coming back to the dashboard: it is as if one had never been away."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets import answer_tail
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.live_messages import TokensStreamed
from cortensor_tui.node.messages import StatusChanged, TransactionChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

WIDE = (160, 48)


async def go_away(app: Dashboard, pilot: Pilot[None]) -> None:
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, TasksScreen))


async def come_back(app: Dashboard, pilot: Pilot[None]) -> None:
    await pilot.press("1")
    await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


async def test_the_answer_is_the_newest_at_once(
    node: ScriptedNode, app: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await live(pilot)
        await until(pilot, lambda: "they have become" in shown(app, "#answer"))
        monkeypatch.setattr(answer_tail, "FLUSH_S", 3600.0)  # whatever is held back stays so
        await go_away(app, pilot)
        more = TokensStreamed(
            key=TaskKey(7, 12),
            text=" as salty as they are.",
            token_count=60,
            prompt_tokens=31,
            first_token_ms=83.4,
            tokens_per_s=41.2,
        )
        await node.change(more)
        await until(pilot, lambda: "as salty" in (app.view.live.answer if app.view and app.view.live else ""))
        await come_back(app, pilot)
        assert "they have become as\n salty as they are." in shown(app, "#answer")


async def test_the_newest_transactions_are_there_at_once(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await live(pilot)
        await go_away(app, pilot)
        one = samples.transaction(8, TransactionKind.COMMIT, TransactionState.MINED, mined_at=samples.NOW)
        await node.change(TransactionChanged(msgspec.structs.replace(one, nonce=4242)))
        await until(pilot, lambda: app.view is not None and app.view.transaction(8) is not None)
        await come_back(app, pilot)
        assert "4242" in shown(app, "#transactions")


async def test_the_chain_was_followed_meanwhile(node: ScriptedNode) -> None:
    clock = [samples.NOW]
    app = Dashboard(node.connect, now=lambda: clock[0])
    async with app.run_test(size=WIDE) as pilot:
        await live(pilot)
        await go_away(app, pilot)
        clock[0] += 20
        chain = msgspec.structs.replace(
            samples.status().chain, latency_ms=777.0, head_seen_at=clock[0] - 1, head_number=1300
        )
        await node.change(StatusChanged(samples.status(chain=chain)))
        await until(pilot, lambda: app.view is not None and app.view.status.chain.head_number == 1300)
        await until(pilot, lambda: 777.0 in app.pulse.series(clock[0])[0].values)
        clock[0] += 20
        await node.change(StatusChanged(samples.status()))
        await come_back(app, pilot)
        assert "1k" in shown(app, "#latency"), "the axis has room for what was seen meanwhile"
