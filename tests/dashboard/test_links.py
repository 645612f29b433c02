"""Links that terminals may follow: to the explorer's pages alone, and never a stranger's."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Span, padded
from cortensor_tui.dashboard.links import linked
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.plain_terminals import AsciiFilter, EightBitFilter, NoColorFilter
from tests.foreign.texts import FOREIGN, SHORT

from . import samples
from .conftest import live, shown, until
from .past import answer_history
from .scripted_node import ScriptedNode

EXPLORER = "https://explorer.example"
HASH = "0x" + "a7" * 32
BLACK = Color.parse("#000000")


@pytest.fixture(autouse=True)
def history(node: ScriptedNode) -> None:
    """Have the node answer for its past, on a network with an explorer."""
    status = node.snapshot.status
    chain = msgspec.structs.replace(status.chain, explorer=EXPLORER)
    status = msgspec.structs.replace(status, chain=chain)
    node.snapshot = msgspec.structs.replace(node.snapshot, status=status)
    answer_history(node)


def links(app: Dashboard) -> set[tuple[str, str]]:
    """Return each linked text that is drawn, and where it leads."""
    return {
        (text.strip(), style.link)
        for strip in app.screen._compositor.render_strips()
        for text, style, _ in strip
        if style is not None and style.link
    }


@pytest.mark.parametrize("is_ascii", [False, True])
async def test_hash_link_and_sender_lead_to_the_explorer_but_in_ascii(
    node: ScriptedNode, is_ascii: bool
) -> None:
    app = Dashboard(node.connect, options=Options(is_ascii=is_ascii), now=lambda: samples.NOW)
    async with app.run_test(size=(110, 50)) as pilot:
        if not is_ascii:
            await live(pilot)
        await until(pilot, lambda: app.view is not None)
        app.open_transaction(samples.transactions()[-1])
        await until(pilot, lambda: bool(app.screen.query("#report")) and HASH in shown(app, "#report"))
        sender = samples.transactions()[-1].sender
        page = f"{EXPLORER}/tx/{HASH}"
        wanted = {(HASH, page), (page, page), (sender, f"{EXPLORER}/address/{sender}")}
        await until(pilot, lambda: links(app) == (set() if is_ascii else wanted))


@given(FOREIGN)
def test_no_text_of_a_stranger_is_a_link(text: str) -> None:
    for url in (text, f"{text}/tx/{HASH}", f"{EXPLORER}/tx/{text}", f"{EXPLORER}/tx/{HASH}{text or ' '}"):
        assert linked("plain", url) == "plain"


@pytest.mark.parametrize("text", SHORT)
def test_no_text_of_the_corpus_is_a_link(text: str) -> None:
    assert linked("plain", f"{EXPLORER}/tx/{text}") == linked("plain", f"{text}/tx/{HASH}") == "plain"


@pytest.mark.parametrize(
    "url", ["http://a.b", "javascript:x", "https://a.b@c.d", "https://a.b/\x1b]8;;", "file://"]
)
def test_only_an_explorer_is_led_to(url: str) -> None:
    assert linked("plain", f"{url}/tx/{HASH}") == "plain"


def test_a_link_ends_with_its_text() -> None:
    role = linked("plain", f"{EXPLORER}/tx/{HASH}")
    assert padded((Span("hash", role),), 10) == (Span("hash", role), Span("      "))


def test_terminals_that_show_less_get_no_links_but_those_with_256_colors() -> None:
    segment = Segment("x", Style(color="#cfd8e3", link=EXPLORER))
    for lesser in (AsciiFilter(), NoColorFilter()):
        [shown_less] = lesser.apply([segment], BLACK)
        assert shown_less.style is not None
        assert shown_less.style.link is None
    [kept] = EightBitFilter().apply([segment], BLACK)
    assert kept.style is not None
    assert kept.style.link == EXPLORER
