"""Proves, check by check, that what is on chain is what this node stored."""

from __future__ import annotations

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Verification
from cortensor_tui.node.verification.evidence import Ground, Unread, gather_evidence
from cortensor_tui.node.verification.judging import all_checks, judge


async def verify(ground: Ground, key: TaskKey) -> Verification:
    """Check one task against the chain. Raises `ProblemError` "no_such_task" where nobody knows of it."""
    evidence = await gather_evidence(ground, key)
    if evidence.record is None and isinstance(evidence.task, Unread):
        raise problem_error("no_such_task", f"Nothing is known of task {key}", evidence.task.why)
    checks = all_checks(evidence)
    verdict, summary = judge(checks)
    return Verification(
        key=key,
        node_address=evidence.node,
        chain_id=ground.journal.scope.chain_id,
        queue_address=ground.reader.contracts.session_queue_v2,
        verdict=verdict,
        summary=summary,
        checks=checks,
    )
