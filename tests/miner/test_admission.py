"""Which sessions are served: yours, those of owners you name, those you list, and no others."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.sessions import Service, Session
from cortensor_tui.miner.admission import Admission
from cortensor_tui.settings import AllSessions, AuthorizedSessions, ListedSessions, OwnSessions

NODE, OWNER, FRIEND, STRANGER = ("0x" + digit * 40 for digit in "1234")
SESSION = Session(
    session_id=7,
    name="",
    metadata="",
    state=1,
    is_active=True,
    owner=OWNER,
    mode=2,
    redundant=1,
    min_nodes=1,
    max_nodes=1,
    validator_nodes=0,
    ephemeral_nodes=(),
    dedicated_nodes=(NODE,),
    model_identifier=0,
    sla=0,
    reserve_period_s=0,
    max_task_executions=0,
    created_at=0.0,
    updated_at=0.0,
)


def admission(authorized: AuthorizedSessions, *, is_enabled: bool = True) -> Admission:
    return Admission(
        node=NODE,
        own_addresses=frozenset({NODE, OWNER}),
        listed_owners=frozenset({FRIEND}),
        authorized=authorized,
        is_enabled=is_enabled,
    )


@pytest.mark.parametrize(
    ("authorized", "owner", "service"),
    [
        (OwnSessions(), OWNER, Service.SERVED),
        (OwnSessions(), NODE, Service.SERVED),
        (OwnSessions(), FRIEND, Service.SERVED),
        (OwnSessions(), STRANGER, Service.REFUSED),
        (AllSessions(), STRANGER, Service.SERVED),
        (ListedSessions(frozenset({7})), STRANGER, Service.SERVED),
        (ListedSessions(frozenset({8})), OWNER, Service.REFUSED),
        (ListedSessions(frozenset()), OWNER, Service.REFUSED),
    ],
)
def test_a_bound_session_is_served_by_its_owner(
    authorized: AuthorizedSessions, owner: str, service: Service
) -> None:
    session = msgspec.structs.replace(SESSION, owner=owner)
    decided, reason = admission(authorized).decide(session)
    assert decided is service
    assert reason


authorizations = st.one_of(
    st.just(OwnSessions()),
    st.just(AllSessions()),
    st.builds(ListedSessions, st.frozensets(st.integers(0, 10), max_size=4)),
)


@given(
    authorizations,
    st.sampled_from([NODE, OWNER, FRIEND, STRANGER]),
    st.frozensets(st.sampled_from([NODE, FRIEND])),
    st.booleans(),
    st.booleans(),
)
def test_nothing_is_served_unless_bound_active_and_enabled(
    authorized: AuthorizedSessions, owner: str, bound: frozenset[str], is_active: bool, is_enabled: bool
) -> None:
    session = msgspec.structs.replace(SESSION, owner=owner, dedicated_nodes=tuple(bound), is_active=is_active)
    decided, _ = admission(authorized, is_enabled=is_enabled).decide(session)
    if decided is Service.SERVED:
        assert NODE in bound
        assert is_active
        assert is_enabled
