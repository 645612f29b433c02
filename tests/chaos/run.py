"""One run: a world of its own, faults and tasks as planned, then quiet, then the verdict."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import msgspec

from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.client import PersistentClient
from tests.chaos.evidence import Evidence
from tests.chaos.gather import gather, mined_by
from tests.chaos.judge import Judgement, judge
from tests.chaos.monitor import Monitor
from tests.chaos.plan import Plan, PlannedFault, Submission, draw_plan
from tests.chaos.verbs import inflict
from tests.chaos.world import LLM_PARAMS, ChaosWorld, Ground

START_TIMEOUT_S = 60.0
SETTLE_TIMEOUT_S = 60.0


class Outcome(msgspec.Struct, frozen=True):
    """What came of one run."""

    seed: int
    fault_count: int
    task_count: int
    judgement: Judgement
    took_s: float


async def run_seed(seed: int, ground: Ground, model: Path, folder: Path) -> Outcome:
    """Do a seed's run in a fresh folder, which is kept only when something went wrong."""
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    plan = draw_plan(seed)
    (folder / "plan.json").write_bytes(msgspec.json.format(msgspec.json.encode(_shown(plan))))
    evidence = await _carried_out(plan, ChaosWorld(folder, ground, model, seed))
    judgement = judge(evidence)
    (folder / "evidence.json").write_bytes(msgspec.json.format(msgspec.json.encode(evidence)))
    if judgement.is_clean:
        shutil.rmtree(folder)
    else:
        (folder / "judgement.json").write_bytes(msgspec.json.format(msgspec.json.encode(judgement)))
    took_s = time.monotonic() - began
    return Outcome(seed, len(evidence.faults), len(evidence.tasks), judgement, took_s)


async def _carried_out(plan: Plan, world: ChaosWorld) -> Evidence:
    monitor = Monitor(world)
    async with world.running() as client:
        await _until_serving(world)
        watching = asyncio.create_task(monitor.run(), name="monitor")
        try:
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(_submit_all(plan.submissions, client, world, monitor, began))
                for planned in plan.faults:
                    group.create_task(_at(began + planned.at_s, world, planned))
            await _until_settled(monitor, watching)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        mined = await mined_by(world)
    return gather(plan.seed, world, monitor, mined)


async def _at(moment: float, world: ChaosWorld, planned: PlannedFault) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
    await inflict(world, planned)


async def _submit_all(
    submissions: tuple[Submission, ...],
    client: PersistentClient,
    world: ChaosWorld,
    monitor: Monitor,
    began: float,
) -> None:
    counts: dict[int, int] = {}
    for one in submissions:
        await asyncio.sleep(max(0.0, began + one.at_s - time.monotonic()))
        arguments = (one.session_id, 2, one.prompt, 1, "", list(LLM_PARAMS), [90, 0, 0, 0, 0, 0], "chaos")
        client.send(world.reader.session_call("submit", *arguments))
        task_id = counts.get(one.session_id, 0)
        counts[one.session_id] = task_id + 1
        monitor.keys.append(TaskKey(one.session_id, task_id))


async def _until_serving(world: ChaosWorld) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            status = await world.node.status()
            if status is not None and status.verdict is Verdict.SERVING:
                return
            await asyncio.sleep(0.05)


async def _until_settled(monitor: Monitor, watching: asyncio.Task[None]) -> None:
    try:
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            while not monitor.is_settled:
                if watching.done():
                    watching.result()
                await asyncio.sleep(0.1)
    except TimeoutError:
        monitor.give_up()


def _shown(plan: Plan) -> dict[str, object]:
    return {
        "seed": plan.seed,
        "submissions": plan.submissions,
        "faults": [
            {"at_s": one.at_s, "duration_s": one.duration_s, "fault": repr(one.fault)} for one in plan.faults
        ],
    }
