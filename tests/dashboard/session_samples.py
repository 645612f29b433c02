"""Sessions as their contracts tell them, for tests and snapshots of the sessions screen."""

from __future__ import annotations

from cortensor_tui.domain.session_reading import ContractField, Router, SessionReading
from cortensor_tui.domain.sessions import Service, SessionView
from cortensor_tui.domain.tasks import Stage, TaskCursor, TaskKey
from cortensor_tui.node.history_messages import GetTasks, Tasks
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.owner_messages import Check
from cortensor_tui.node.session_messages import CheckSwap, GetSession, SwapChecked

from . import samples
from .scripted_node import ScriptedNode, refusal

ROUTER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
CONTRACT = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
NASTY = "evil \x1b[31mred\u202e [b]metadata[/b]"


def reading(view: SessionView, *, metadata: str = "") -> SessionReading:
    """Return a session of the newest generation, as read three seconds ago."""
    session = view.session
    rows: list[tuple[str, str, tuple[str, ...]]] = [
        ("id", "uint256", (str(session.session_id),)),
        ("sid", "bytes32", ("0x" + "5c" * 32,)),
        ("name", "string", (session.name,)),
        ("metadata", "string", (metadata,)),
        ("state", "uint8", (str(session.state),)),
        ("createdAt", "uint256", (str(int(session.created_at)),)),
        ("updatedAt", "uint256", (str(int(session.updated_at)),)),
        ("owner", "address", (session.owner.lower(),)),
        ("ephemeralNodes", "address[]", ()),
        ("dedicatedNodes", "address[]", tuple(node.lower() for node in session.dedicated_nodes)),
        ("mode", "uint256", ("2",)),
        ("redundant", "uint256", ("1",)),
        ("minNumOfNodes", "uint256", ("1",)),
        ("maxNumOfNodes", "uint256", (str(session.max_nodes),)),
        ("numOfValidatorNodes", "uint256", ("0",)),
        ("routerMetadatas", "string[]", ("wss://router.example:9001",)),
        ("routerAddresses", "address[]", (ROUTER.lower(),)),
        ("sla", "uint256", ("1",)),
        ("modelIdentifier", "uint256", ("12",)),
        ("reservePeriod", "uint256", ("300",)),
        ("maxTaskExecutionCount", "uint256", (str(2**256 - 1),)),
    ]
    return SessionReading(
        view=view,
        fields=tuple(ContractField(name=name, kind=kind, values=values) for name, kind, values in rows),
        routers=(Router(address=ROUTER, text="wss://router.example:9001"),),
        contract=CONTRACT,
        generation="new",
        read_at=samples.NOW - 3,
    )


def answer_readings(node: ScriptedNode, *, metadata: str = "") -> None:
    """Have the node read sessions, and tell two pages of tasks of session 7."""

    def read(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetSession)
        found = [view for view in node.snapshot.sessions if view.session.session_id == body.session_id]
        return reading(found[0], metadata=metadata) if found else refusal("session_not_found", "It is gone")

    def tasks(body: RequestBody) -> ReplyBody:
        assert isinstance(body, GetTasks)
        if body.session_id != 7:
            return Tasks(())
        if body.before is None:
            newest = tuple(samples.ended_task(task_id) for task_id in (11, 10))
            return Tasks(newest, has_more=True, reached=TaskCursor(samples.NOW, TaskKey(7, 10)))
        return Tasks((samples.ended_task(9), samples.task(8, Stage.MISSED)))

    node.answers[GetSession] = read
    node.answers[GetTasks] = tasks


def answer_swaps(node: ScriptedNode, *unmet: Check, in_flight: tuple[TaskKey, ...] = ()) -> None:
    """Have the node check swaps."""
    node.answers[CheckSwap] = lambda body: SwapChecked(
        checks=unmet or (Check(name="owner", is_met=True, detail="you own it"),),
        call=f"SessionV2.removeDedicatedNode(7, {samples.NODE})",
        contract=CONTRACT,
        calldata="0x23a8dba0",
        fee_wei="123000000000000",
        gas_limit=60_000,
        signer=samples.OWNER,
        in_flight=in_flight,
        then_call=f"SessionV2.addDedicatedNode(7, {samples.STRANGER})",
    )


def many(count: int) -> tuple[SessionView, ...]:
    """Return so many sessions, the newest first; every tenth is served."""
    return tuple(
        SessionView(
            session=samples.session(
                number,
                f"session number {number}",
                owner=samples.OWNER if number % 2 else samples.STRANGER,
                dedicated_nodes=(samples.NODE,) if number % 10 == 0 else (),
                mode=number % 3,
            ),
            service=Service.SERVED if number % 10 == 0 else Service.NOT_BOUND,
            reason="",
            is_mine=bool(number % 2),
            task_count=number % 7,
        )
        for number in reversed(range(count))
    )
