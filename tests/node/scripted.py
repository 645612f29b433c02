"""What a node says, made up, for tests of how it is told."""

from __future__ import annotations

from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus, StoreHealth, Verdict
from cortensor_tui.domain.inference import EngineHealth, EngineState
from cortensor_tui.domain.sessions import Service, Session, SessionView
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView

ADDRESS = "0x" + "22" * 20


def status(reason: str = "session 0") -> NodeStatus:
    return NodeStatus(
        verdict=Verdict.SERVING,
        reason=reason,
        problem=None,
        node=Account(address=ADDRESS),
        owner=Account(address=ADDRESS),
        chain=ChainHealth(network="local", endpoint="http://127.0.0.1"),
        engine=EngineHealth(state=EngineState.READY, engine="llama.cpp", model="tiny"),
        store=StoreHealth(kind="local", location="/tmp", is_writable=True),
        started_at=1.0,
        version="0",
        settings_path="/tmp/.env",
    )


def task(task_id: int, stage: Stage = Stage.ENDED) -> TaskView:
    return TaskView(key=TaskKey(0, task_id), stage=stage, prompt="SECRET prompt", answer="SECRET answer")


def session_view(session_id: int, task_count: int = 0) -> SessionView:
    session = Session(
        session_id=session_id,
        name="",
        metadata="",
        state=1,
        is_active=True,
        owner=ADDRESS,
        mode=2,
        redundant=1,
        min_nodes=1,
        max_nodes=1,
        validator_nodes=0,
        ephemeral_nodes=(),
        dedicated_nodes=(),
        model_identifier=0,
        sla=0,
        reserve_period_s=300,
        max_task_executions=5,
        created_at=1.0,
        updated_at=1.0,
    )
    return SessionView(
        session=session, service=Service.SERVED, reason="", is_mine=True, task_count=task_count
    )
