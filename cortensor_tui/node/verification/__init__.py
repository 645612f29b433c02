"""Proves, check by check, that what is on chain is what this node stored."""

from __future__ import annotations

from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Verification
from cortensor_tui.node.verification.evidence import Ground, Unread, gather_evidence
from cortensor_tui.node.verification.judging import all_checks, judge


async def verify(ground: Ground, key: TaskKey) -> Verification:
    """Check one task against the chain. Raises `ProblemError` "no_such_task" where nobody knows of it."""
    evidence = await gather_evidence(ground, key)
    if evidence.record is None and isinstance(evidence.task, Unread):
        absence = await _absence(ground.reader, key)
        if absence is not None:
            raise problem_error("no_such_task", f"There is no task {key}", absence)
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


async def _absence(reader: ContractReader, key: TaskKey) -> str | None:
    """Say how the contracts know that there is no such task, None where they have it or do not tell."""
    try:
        if not await reader.session_exists(key.session_id):
            return f"there is no session {key.session_id}"
        [count] = await reader.task_counts([key.session_id])
    except ProblemError:
        return None
    if key.task_id < count:
        return None
    tasks = {0: "no tasks", 1: "one task"}.get(count, f"{count} tasks")
    return f"session {key.session_id} has {tasks}"
