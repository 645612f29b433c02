"""A hint promises only what its key does, and a line of an outcome is not cut where there is a row below."""

from __future__ import annotations

import pytest

from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.present.call_lines import ToldCall, call_lines
from cortensor_tui.dashboard.screens.form import _in_two
from cortensor_tui.node.call_messages import Call

from . import samples


@pytest.mark.parametrize(("size", "offer"), [(32_767, "Y copies them"), (32_768, "enter reads them")])
def test_calldata_is_offered_to_the_clipboard_where_that_has_room(size: int, offer: str) -> None:
    one = samples.snapshot().transactions[0]
    call = Call(transaction_id=1, kind=one.kind, target="0x11", calldata="0x6ffd0b74", calldata_bytes=size)
    told = call_lines(one, ToldCall(found=call), 100)
    text = "".join(str(line) for line in told)
    assert offer in text


def test_an_outcome_has_its_last_part_below_where_it_does_not_fit_beside() -> None:
    one = (Span(" mined"), Span("  nonce 3 · 0.000144015 ETH"))
    assert _in_two(one, 80) == [one]
    assert _in_two(one, 20) == [one[:1], one[1:]]
