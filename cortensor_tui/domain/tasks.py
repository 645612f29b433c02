"""Tasks, their way through the stages, and what this node knows of each."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.inference import Clamp, LostRun, SamplingParams


class Stage(StrEnum):
    """Where a task stands for this node, in order; the last two end it."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    ACKED = "acked"
    PRECOMMITTED = "precommitted"
    COMMITTED = "committed"
    ENDED = "ended"
    MISSED = "missed"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more will happen to the task, unless the chain is reorganised."""
        return self in (Stage.ENDED, Stage.MISSED)

    @property
    def place(self) -> int:
        """Return what stages are ordered by; both that end a task stand last."""
        return 5 if self is Stage.MISSED else list(Stage).index(self)


class TaskKey(msgspec.Struct, frozen=True, order=True):
    """Names one task of one queue contract."""

    session_id: int
    task_id: int

    def __str__(self) -> str:
        return f"{self.session_id}/{self.task_id}"


class TaskCursor(msgspec.Struct, frozen=True, order=True):
    """A place in a list of tasks: the number that it is sorted by, then the key; no task need be there.

    In the usual order the number is the time of the assignment, unix seconds, which named it on the wire.
    """

    number: float = msgspec.field(name="assigned_at")
    key: TaskKey


class TaskOnChain(msgspec.Struct, frozen=True, kw_only=True):
    """A task as SessionQueueV2 tells it. Times are unix seconds, None where the chain has 0."""

    key: TaskKey
    global_id: int
    data: str
    assigned_miners: tuple[str, ...]
    is_ended: bool
    status: int
    created_at: float
    last_precommit_at: float | None = None
    last_commit_at: float | None = None
    finished_at: float | None = None


class TaskDecoration(msgspec.Struct, frozen=True, kw_only=True):
    """How the submitter wants the prompt treated, in the chain's own integers (x100 where it scales)."""

    prompt_type: int
    prompt_template: str
    max_tokens: int
    temperature: int
    top_p: int
    top_k: int
    presence_penalty: int
    frequency_penalty: int


class MinerResult(msgspec.Struct, frozen=True, kw_only=True):
    """One miner's answer to a task as it stands on chain; `hash` is the precommitted one, 0x hex."""

    miner: str
    data: str
    hash: str


class TaskTimes(msgspec.Struct, frozen=True, kw_only=True):
    """When each step of a task was taken, unix seconds by this node's clock; None until it happened.

    `assigned_block` is the block of the assignment and `assigned_block_at` that block's own time. A
    transaction counts as mined when this node saw its receipt. The run that began is the one that the answer
    is from; prompt and answer are stored once the local store has them.
    """

    assigned_block: int | None = None
    assigned_block_at: float | None = None
    seen_at: float | None = None
    prompt_stored_at: float | None = None
    ack_sent_at: float | None = None
    ack_mined_at: float | None = None
    run_began_at: float | None = None
    first_token_at: float | None = None
    last_token_at: float | None = None
    answer_stored_at: float | None = None
    precommit_sent_at: float | None = None
    precommit_mined_at: float | None = None
    all_precommitted_at: float | None = None
    commit_sent_at: float | None = None
    commit_mined_at: float | None = None
    ended_at: float | None = None


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task as this node knows it. Times are unix seconds, None until the step happened.

    `is_hidden`: prompt and answer were left out, since the session is private and was not asked for. The
    content ids are None where they are not told. `deadline_at` stays when the task is over. `envelope` is
    what made the answer, None where that was not kept. `prompt_trouble` and `answer_trouble` say why a text
    that there is cannot be read here; the text is "" or None then.
    """

    key: TaskKey
    stage: Stage
    prompt: str
    answer: str | None = None
    answer_hash: str | None = None
    asked: SamplingParams | None = None
    applied: SamplingParams | None = None
    clamps: tuple[Clamp, ...] = ()
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    first_token_ms: float | None = None
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None
    assigned_at: float | None = None
    acked_at: float | None = None
    precommitted_at: float | None = None
    committed_at: float | None = None
    ended_at: float | None = None
    deadline_at: float | None = None
    note: str = ""
    times: TaskTimes = TaskTimes()
    gas_fee_wei: str | None = None
    prompt_cid: str | None = None
    answer_cid: str | None = None
    is_private: bool = False
    is_hidden: bool = False
    lost_runs: tuple[LostRun, ...] = ()
    envelope: Envelope | None = None
    prompt_trouble: str = ""
    answer_trouble: str = ""

    @property
    def deadline_of(self) -> str | None:
        """Return the step that `deadline_at` is for, of a task that is over the last one it came to."""
        if self.deadline_at is None:
            return None
        if self.precommitted_at is not None:
            return "commit"
        return "ack" if self.acked_at is None else "precommit"
