"""Sessions in order: what is looked for first, and the newest among equals."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.session_orders import SessionOrder, in_order
from cortensor_tui.domain.sessions import Service
from tests.node.scripted import session_view


@pytest.mark.parametrize("wanted", [Service.SERVED, Service.WATCHED])
def test_what_the_node_looks_after_comes_first(wanted: Service) -> None:
    others = [service for service in Service if service not in (Service.SERVED, Service.WATCHED)]
    views = [
        msgspec.structs.replace(session_view(number), service=service)
        for number, service in enumerate([*others, wanted])
    ]
    assert in_order(views, SessionOrder.SERVICE)[0].service is wanted
    assert in_order(views, SessionOrder.SERVICE, is_reversed=True)[-1].service is wanted


@pytest.mark.parametrize("order", [one for one in SessionOrder if one is not SessionOrder.ID])
def test_among_equals_the_newest_is_first_both_ways(order: SessionOrder) -> None:
    views = [session_view(number) for number in (3, 9, 5)]
    for is_reversed in (False, True):
        ids = [view.session.session_id for view in in_order(views, order, is_reversed=is_reversed)]
        assert ids == [9, 5, 3]
