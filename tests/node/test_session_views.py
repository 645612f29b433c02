"""What is made of sessions is kept between looks, and is never another than what would be made anew."""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.sessions import Service, Session
from cortensor_tui.miner.admission import Admission
from cortensor_tui.node.session_list import SessionList
from cortensor_tui.settings import AllSessions, AuthorizedSessions, ListedSessions, OwnSessions
from tests.dashboard.samples import NODE, OWNER, STRANGER, session

NO_READER = cast(ContractReader, None)
"""What is taken by hand is not read."""

RULES: list[AuthorizedSessions] = [
    OwnSessions(),
    AllSessions(),
    ListedSessions(session_ids=frozenset({1, 2})),
]
sessions = st.builds(
    session,
    st.integers(0, 3),
    st.sampled_from(["one", "two"]),
    owner=st.sampled_from([OWNER, STRANGER]),
    dedicated_nodes=st.sampled_from([(), (NODE,)]),
    is_active=st.booleans(),
)
steps = st.lists(st.tuples(sessions, st.integers(0, 2)) | st.sampled_from(RULES), max_size=12)


def admission(rule: AuthorizedSessions) -> Admission:
    return Admission(
        node=NODE,
        own_addresses=frozenset({OWNER}),
        listed_owners=frozenset(),
        authorized=rule,
        is_enabled=True,
    )


@given(steps=steps)
def test_what_is_kept_is_what_would_be_made_anew(
    steps: list[tuple[Session, int] | AuthorizedSessions],
) -> None:
    rule: AuthorizedSessions = OwnSessions()
    kept = SessionList(NO_READER, admission(rule))
    known: dict[int, tuple[Session, int]] = {}
    for step in steps:
        if isinstance(step, tuple):
            known[step[0].session_id] = step
            kept.take(*step)
        else:
            rule = step
            kept.admit(admission(rule))
        anew = SessionList(NO_READER, admission(rule))
        for one, count in known.values():
            anew.take(one, count)
        assert kept.views() == anew.views()
        assert sorted(kept.served_ids()) == sorted(anew.served_ids())
        assert sorted(kept.watched_ids()) == sorted(anew.watched_ids())
        assert {one for one in known if kept.is_served(one)} == {
            view.session.session_id for view in anew.views() if view.service is Service.SERVED
        }


def test_a_look_at_which_nothing_changed_makes_nothing() -> None:
    kept = SessionList(NO_READER, admission(OwnSessions()))
    kept.take(session(1, "one"), 3)
    before = kept.views()
    kept.take(session(1, "one"), 3)
    assert kept.views() is before
