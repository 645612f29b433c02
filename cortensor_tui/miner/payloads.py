"""Where a task's texts are: on chain themselves, or at an ipfs:// address that stands there for them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum

import structlog

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import TaskOnChain
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.journal.uploads import SavedUpload
from cortensor_tui.storage.content_id import addressed_content_id, content_address
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.local_store import LocalStore
from cortensor_tui.storage.outbox import Outbox

log = structlog.get_logger(__name__)

# An answer that IPFS does not take in time goes on chain all the same: its address is known, and it follows.
SHARE_OF_TIME_LEFT = 1 / 3
LEAST_OFFER_S = 1.0


class AnswerPlace(StrEnum):
    """Which answers go to IPFS, with only their address on chain."""

    AS_PROMPT = "as-prompt"
    ALWAYS = "always"
    NEVER = "never"


class TaskPayloads:
    """Reaches the texts of one chain's tasks. Without IPFS nodes every answer goes on chain."""

    def __init__(
        self,
        store: LocalStore,
        nodes: IpfsNodes | None = None,
        outbox: Outbox | None = None,
        *,
        chain: int = 0,
        answers: AnswerPlace = AnswerPlace.NEVER,
        most_prompt_bytes: int = 16 * 1024 * 1024,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._outbox = outbox
        self._chain = chain
        self._answers = answers
        self._most_prompt_bytes = most_prompt_bytes
        self._clock = clock

    def prompt_cid(self, task: TaskOnChain) -> str:
        """Return the content id of the task's prompt; one that is on chain itself is kept."""
        return addressed_content_id(task.data) or self._store.put(task.data.encode("utf-8"))

    def is_prompt_addressed(self, task: TaskOnChain) -> bool:
        """Tell whether on chain is only where the prompt is."""
        return addressed_content_id(task.data) is not None

    def is_prompt_here(self, cid: str) -> bool:
        """Tell whether a prompt is in the store, unchanged; there it then stays for the task that asks."""
        with suppress(ProblemError):
            self._store.use(cid)
            return True
        return False

    def is_answer_addressed(self, task: TaskOnChain) -> bool:
        """Tell whether the answer's address is to be on chain instead of the answer."""
        if self._nodes is None or self._answers is AnswerPlace.NEVER:
            return False
        return self._answers is AnswerPlace.ALWAYS or self.is_prompt_addressed(task)

    async def fetch_prompt(self, cid: str) -> None:
        """Have a prompt in the store, read back from it: what it does not give is not to be promised.

        Raises `ProblemError`: with a code of `problems.PASSING`, try again.
        """
        if self._nodes is None:
            raise problems.unset(cid)
        data = await self._nodes.fetch(cid, self._most_prompt_bytes)
        _require_text(cid, data)
        await asyncio.to_thread(self._keep, data, cid)
        log.info("prompt fetched", size_bytes=len(data))

    def _keep(self, prompt: bytes, cid: str) -> None:
        self._store.put(prompt, asked_as=cid)
        self._store.get(cid)

    def answer_on_chain(self, record: TaskRecord) -> str:
        """Return what a task's result is on chain: the stored answer, or where it is."""
        if record.answer_cid is None:
            raise RuntimeError("a task is answered before its answer is asked for")
        if record.details.is_answer_addressed:
            return content_address(record.answer_cid)
        return self._store.get(record.answer_cid).decode("utf-8")

    async def offer_answer(self, record: TaskRecord) -> None:
        """Bring an answer to IPFS, if that is where it belongs; the outbox goes on where time runs short.

        Raises `ProblemError` when the journal cannot be written.
        """
        upload = self._upload(record)
        if self._outbox is None or upload is None:
            return
        left_s = LEAST_OFFER_S if record.deadline_at is None else record.deadline_at - self._clock.now()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(LEAST_OFFER_S, left_s * SHARE_OF_TIME_LEFT)):
                await self._outbox.offer(upload)

    def remember_answer(self, record: TaskRecord) -> None:
        """Have an answer in the outbox that was promised already: the journal may be an older backup.

        Raises `ProblemError` when the journal cannot be written.
        """
        upload = self._upload(record)
        if self._outbox is not None and upload is not None:
            self._outbox.remember(upload)

    def _upload(self, record: TaskRecord) -> SavedUpload | None:
        """Return what is to be delivered of a task, None where its answer goes on chain itself."""
        if not record.details.is_answer_addressed or record.answer_cid is None:
            return None
        return SavedUpload(chain=self._chain, key=record.key, cid=record.answer_cid)


def _require_text(cid: str, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise problem_error(
            problems.NO_FILE,
            f"What {cid} names cannot be read as a text",
            "it is not UTF-8",
            "Submit the id of a text",
        ) from error
