"""What the network screen tells, how old it is, and what its keys do."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.network import endpoint_details, endpoint_rows, fact_details, facts
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.network import ASK_EVERY_S, ASKING, NetworkScreen
from cortensor_tui.domain.endpoints import NO_WEBSOCKET, EndpointReport, HeadFeedReport
from cortensor_tui.domain.networks import Probe
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.network_messages import GetNetwork

from . import network_samples, samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode, refusal

SMALL, WIDE = (80, 24), (160, 48)


def asked(node: ScriptedNode) -> int:
    return sum(isinstance(body, GetNetwork) for body in node.requests)


async def go(pilot: Pilot[None], app: Dashboard) -> None:
    await live(pilot)
    await pilot.press("5")
    await until(pilot, lambda: isinstance(app.screen, NetworkScreen) and app.screen.is_whole)


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24", "160x48"])
async def test_every_endpoint_and_everything_found_out_is_told(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=size) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "● in use" in shown(app, "#endpoints"))
        endpoints = shown(app, "#endpoints")
        assert [row[:16].strip() for row in endpoints.splitlines()[1:5]] == [
            "● in use",
            "● standby",
            "✖ resting",
            "✖ wrong chain",
        ]
        assert "probe in 2 s" in endpoints
        found = shown(app, "#network-facts")
        assert "chain id (CHAINID)" in found
        assert "● same 421614" in found
        assert samples.SESSION_V2[:16] in found
        assert "● connected" in found
        await until(pilot, lambda: "Testnet-0" in shown(app, "#facts-pane Heading"))


def test_a_row_has_lag_budget_sends_and_the_last_trouble_with_its_age() -> None:
    rows = endpoint_rows(network_samples.network_report(), Sight(samples.NOW))
    told = [[cell.text for cell in row.cells if hasattr(cell, "text")] for row in rows]
    assert told[0] == [
        *("● in use", "sepolia-rollup.arbitrum.io", "102,331,204", "0", "84 ms"),
        *("31", "600", "33", "none"),
    ]
    assert told[1][3] == "3"
    assert told[2][-1] == "probe in 2 s, timeout 10 s ago: it took too ␛[31mlong"
    assert told[3][-1].startswith("probe due, wrong chain 10 min ago: HOST and CHAINID")


def test_how_far_and_fast_an_endpoint_is_that_just_failed_is_not_known() -> None:
    [used, *_] = network_samples.network_report().endpoints
    failing = msgspec.structs.replace(used, failures_in_a_row=1)
    report = msgspec.structs.replace(network_samples.network_report(), endpoints=(failing,))
    [row] = endpoint_rows(report, Sight(samples.NOW))
    assert row.cells[0] == Span("▲ in use", "warn")
    assert [cell.text for cell in row.cells[3:5] if isinstance(cell, Span)] == ["–", "–"]
    assert labelled(failing)["latency"] == "84 ms on average, before it failed"


async def test_nothing_is_being_asked_of_a_node_that_is_gone(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await live(pilot)
        await node.stop()
        await until(pilot, lambda: app.feed_state.link is Link.UNREACHABLE)
        await pilot.press("5")
        await until(pilot, lambda: "Unknown: the node does not answer." in shown(app, "#endpoints"))


async def test_what_a_chain_told_that_does_not_answer_is_the_past(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=WIDE) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "● same 421614" in shown(app, "#network-facts"))
        chain = msgspec.structs.replace(samples.status().chain, unread_since=samples.NOW - 40)
        await node.change(StatusChanged(samples.status(chain=chain)))
        await until(pilot, lambda: app.view is not None and app.view.status.chain == chain)
        app._tick()
        await until(pilot, lambda: "○ same 421614" in shown(app, "#network-facts"))
        assert "as it was 40 s ago" in shown(app, "#facts-pane Heading")


async def test_what_was_found_out_keeps_its_age_once_the_node_is_gone(
    node: ScriptedNode, app: Dashboard
) -> None:
    clock = [samples.NOW]
    app.now = lambda: clock[0]
    failed = msgspec.structs.replace(network_samples.network_report(), error="The chain did not answer")
    node.answers[GetNetwork] = lambda _: failed
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "The chain did not answer" in shown(app, "#facts-pane Heading"))
        await node.stop()
        await until(pilot, lambda: app.feed_state.link is Link.UNREACHABLE)
        clock[0] += 180
        app._tick()
        await until(pilot, lambda: "as it was 3 min ago" in shown(app, "#facts-pane Heading"))


def labelled(one: EndpointReport) -> dict[str, str]:
    return {detail.label: detail.text for detail in endpoint_details(one, samples.NOW)}


def test_an_endpoint_in_full_says_when_the_breaker_lets_a_probe_through() -> None:
    used, waiting, resting, wrong = network_samples.network_report().endpoints
    told = labelled(used)
    assert told["budget"].startswith("at most 10 a second, 18.5 left at once")
    assert told["breaker"].startswith("closed")
    assert told["first block"] == samples.GENESIS
    assert "not told" in labelled(waiting)["first block"]
    assert labelled(resting)["breaker"] == "open: one probe is let through in 2 s"
    assert labelled(wrong)["breaker"].startswith("half open")


def test_a_fact_names_the_setting_that_would_change_it_once() -> None:
    told = {one.what: one for one in facts(network_samples.network_report(), samples.NOW)}
    assert told["SessionV2"].origin.endswith(" · CORTENSOR_TUI_SESSION_V2_ADDRESS")
    assert told["requests_per_s"].origin == "set as CORTENSOR_TUI_REQUESTS_PER_S"
    assert told["task_status"].origin == "from two clients"
    assert "CORTENSOR_TUI_GENERATION" in told["generation"].origin
    probe = told["SessionV2.tasksBeforeRelease()"]
    assert [one.text for one in fact_details(probe)] == [
        "SessionV2.tasksBeforeRelease()",
        "reverted without a reason",
        "there is no such function (generations with it: old)",
    ]


def test_what_is_not_known_is_no_difference() -> None:
    told = {one.what: one for one in facts(network_samples.network_report(), samples.NOW)}
    assert (told["first block"].mark, told["first block"].value) == ("○ unknown", "not told")


async def test_it_is_asked_again_while_it_is_looked_at_and_not_when_it_is_not(
    node: ScriptedNode, app: Dashboard
) -> None:
    clock = [samples.NOW]
    app.now = lambda: clock[0]
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert asked(node) == 0, "the first screen does not need it"
        await go(pilot, app)
        await until(pilot, lambda: "● in use" in shown(app, "#endpoints"))
        assert asked(node) == 1
        clock[0] += ASK_EVERY_S
        await until(pilot, lambda: asked(node) == 2)
        await pilot.press("1")
        clock[0] += 10 * ASK_EVERY_S
        app._tick()
        await pilot.pause()
        await app.request(GetStatus())  # what was asked before has come to the node by then
        assert asked(node) == 2


async def test_while_nothing_has_come_it_says_so_and_a_refusal_says_why(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.answers[GetNetwork] = lambda _: refusal("internal", "The node failed", "a fault", "See its log")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("5")
        await until(pilot, lambda: "The node failed. A fault. See its log." in shown(app, "#endpoints"))


async def test_what_was_told_stays_with_its_age_when_the_node_no_longer_answers(
    node: ScriptedNode, app: Dashboard
) -> None:
    clock = [samples.NOW]
    app.now = lambda: clock[0]
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "● in use" in shown(app, "#endpoints"))
        node.answers[GetNetwork] = lambda _: refusal("internal", "The node failed at this", "", "")
        clock[0] += 40
        await until(
            pilot, lambda: "as it was 40 s ago: The node failed" in shown(app, "#endpoints-pane Heading")
        )
        assert "○ in use" in shown(app, "#endpoints")


async def test_enter_opens_a_row_in_full_and_y_copies_its_value(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "● in use" in shown(app, "#endpoints"))
        await pilot.press("j", "j", "y")
        await until(pilot, lambda: app.clipboard == "https://rpc.example.org")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await until(pilot, lambda: "12 in all, 3 in a row" in shown(app, "#document"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, NetworkScreen))
        await pilot.press("tab", *"jjjj", "y")
        await until(pilot, lambda: app.clipboard == samples.SESSION_V2)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailScreen))
        await until(pilot, lambda: samples.SESSION_V2 in shown(app, "#document"))


async def test_words_filter_what_was_found_and_esc_clears_them(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "SessionV2" in shown(app, "#network-facts"))
        await pilot.press("slash", *"probe old", "enter")
        await until(pilot, lambda: "getHash" not in shown(app, "#network-facts"))
        rows = shown(app, "#network-facts").split()
        assert [word for word in rows if word.startswith("SessionV2.")] != []
        assert "421614" not in rows
        await pilot.press("slash", *"nowhere", "enter")
        await until(pilot, lambda: "No row has all of these words" in shown(app, "#network-facts"))
        await pilot.press("escape")
        await until(pilot, lambda: "421614" in shown(app, "#network-facts"))
        assert isinstance(app.screen, NetworkScreen)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, NetworkScreen))


async def test_a_frozen_picture_is_asked_for_no_more(node: ScriptedNode, app: Dashboard) -> None:
    clock = [samples.NOW]
    app.now = lambda: clock[0]
    node.answers[GetNetwork] = lambda _: network_samples.network_report()
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "● in use" in shown(app, "#endpoints"))
        await pilot.press("space")
        clock[0] += 30
        await until(pilot, lambda: "▲ FROZEN 30 s old" in shown(app, "#endpoints-pane Heading"))
        assert (asked(node), "probe in 2 s" in shown(app, "#endpoints")) == (1, True)
        await pilot.press("space")
        await until(pilot, lambda: asked(node) == 2)


async def test_nothing_found_yet_is_said(node: ScriptedNode, app: Dashboard) -> None:
    node.answers[GetNetwork] = lambda _: network_samples.network_report(
        origin=None, head_feed=None, comparisons=(), values=(), error="The chain endpoint did not answer."
    )
    async with app.run_test(size=SMALL) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: "Nothing is known of the chain yet" in shown(app, "#network-facts"))
        assert "did not answer" in shown(app, "#facts-pane Heading")
        assert ASKING not in shown(app, "#endpoints")


def test_a_feed_that_never_was_is_told_calmly() -> None:
    feed = HeadFeedReport(name="ws://127.0.0.1:8545", health=NO_WEBSOCKET)
    [told] = [
        one for one in facts(network_samples.network_report(head_feed=feed), samples.NOW) if one.key == "feed"
    ]
    assert (told.mark, told.look, told.value) == ("○", "muted", NO_WEBSOCKET)


@pytest.mark.parametrize("size", [(160, 48), (200, 50)], ids=["160x48", "200x50"])
async def test_on_a_wide_screen_every_name_is_whole(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    name = "SessionQueueV2.getSessionQueueValidationAddress()"
    report = network_samples.network_report()
    assert report.origin is not None
    probe = Probe(call=name, answer="0x" + "00" * 20, meaning="it is there")
    origin = msgspec.structs.replace(report.origin, probes=(probe,))
    node.answers[GetNetwork] = lambda _: msgspec.structs.replace(report, origin=origin)
    async with app.run_test(size=size) as pilot:
        await go(pilot, app)
        await until(pilot, lambda: f" {name}  " in shown(app, "#network-facts"))
