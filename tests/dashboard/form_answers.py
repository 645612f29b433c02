"""What a scripted node answers to the forms that send something."""

from __future__ import annotations

from cortensor_tui.node.messages import (
    ReplyBody,
    RequestBody,
)
from cortensor_tui.node.owner_messages import (
    AssignmentChecked,
    Check,
    CheckAssignment,
)

from .scripted_node import ScriptedNode


def answer_checks(node: ScriptedNode, is_owner: bool | None = True) -> None:
    """Have the node answer checks; whether the owner is known decides whether all are met."""

    def checked(body: RequestBody) -> ReplyBody:
        assert isinstance(body, CheckAssignment)
        checks = (
            Check(name="session exists", is_met=True, detail=f"session {body.session_id}"),
            Check(name="you own it", is_met=is_owner, detail="owned by \x1b[31msomeone"),
        )
        return AssignmentChecked(
            checks=checks,
            node_address=body.node_address,
            call=f"addDedicatedNode({body.session_id}, {body.node_address})",
            contract="0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
            calldata="0x7fcbee08",
            fee_wei="123000000000000",
            gas_limit=120_000,
        )

    node.answers[CheckAssignment] = checked


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[RequestBody]:
    return [body for body in node.requests if isinstance(body, kind)]
