"""Sessions of four kinds."""

from __future__ import annotations

from typing import Any

from cortensor_tui.domain.sessions import Service, Session, SessionView

from .sample_names import NODE, NOW, OWNER, STRANGER


def session(session_id: int, name: str, **changes: Any) -> Session:
    """Return an active dedicated session."""
    values: dict[str, Any] = {
        "session_id": session_id,
        "name": name,
        "metadata": "",
        "state": 1,
        "is_active": True,
        "owner": OWNER,
        "mode": 2,
        "redundant": 1,
        "min_nodes": 1,
        "max_nodes": 1,
        "validator_nodes": 0,
        "ephemeral_nodes": (),
        "dedicated_nodes": (),
        "model_identifier": 0,
        "sla": 0,
        "reserve_period_s": 300,
        "max_task_executions": 5,
        "created_at": NOW - 7200,
        "updated_at": NOW - 600,
    }
    return Session(**(values | changes))


def sessions() -> tuple[SessionView, ...]:
    """Return one served, one to bind, one of somebody else and one that has ended."""
    return (
        SessionView(
            session=session(7, "harbour pilot", dedicated_nodes=(NODE,)),
            service=Service.SERVED,
            reason="",
            is_mine=True,
            task_count=12,
        ),
        SessionView(
            session=session(8, "to bind by hand"),
            service=Service.NOT_BOUND,
            reason="",
            is_mine=True,
            task_count=0,
        ),
        SessionView(
            session=session(
                9, "a stranger's [red]session[/]", owner=STRANGER, dedicated_nodes=(NODE,), max_nodes=3
            ),
            service=Service.REFUSED,
            reason="its owner is not authorized here",
            is_mine=False,
        ),
        SessionView(
            session=session(3, "last week", is_active=False, state=2),
            service=Service.INACTIVE,
            reason="",
            is_mine=True,
            task_count=40,
        ),
    )
