"""The runs of the engine process: each joins between two tokens, all decode together, each ends alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Set

from cortensor_tui.domain.inference import (
    Admitted,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Token,
)
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.inference.engine import due_at
from cortensor_tui.inference.llama.answer import AnswerStream, Clock
from cortensor_tui.inference.llama.batching import Chunk, Going, Pace, Room, Waiting, admitted, next_batch
from cortensor_tui.inference.llama.computing import Model, Sampler
from cortensor_tui.inference.llama.kept import KeptRuns
from cortensor_tui.inference.llama.sequences import Sequences
from cortensor_tui.inference.llama.thread_watch import AdaptiveThreads
from cortensor_tui.inference.llama.wire import RunEvents
from cortensor_tui.inference.problems import prompt_empty, prompt_too_long
from cortensor_tui.inference.prompts import RAW_ROLE

_FLUSH_INTERVAL_S = 0.1  # each message takes time from decode, and screens are told four times a second


class _Run:
    """One run: its prompt, where it is in the context, and its answer so far."""

    def __init__(
        self, run_id: int, generation: Generation, prompt: list[int], answer: AnswerStream, deadline_at: float
    ) -> None:
        self.run_id = run_id
        self.generation = generation
        self.prompt = prompt
        self.answer = answer
        self.deadline_at = deadline_at
        self.cells = len(prompt) + answer.limit_tokens
        self.sampler: Sampler | None = None
        self.sequence_id = -1
        self.position = 0
        self.reused_tokens = 0
        self.last_token = -1
        self.slots_busy = 1
        self.events: list[GenerationEvent] = []

    def as_waiting(self) -> Waiting:
        return Waiting(
            order=self.run_id,
            deadline_at=self.deadline_at,
            cells=self.cells,
            is_alone=self.generation.is_reproducible,
        )

    def as_going(self) -> Going:
        return Going(
            order=self.run_id,
            deadline_at=self.deadline_at,
            cells=self.cells,
            prompt_tokens_left=max(0, len(self.prompt) - self.position),
            is_alone=self.generation.is_reproducible,
        )

    def chunk(self, tokens: int) -> Chunk:
        """Return what comes next of it: so much of its prompt, or its last token."""
        end = self.position + tokens
        is_decoding = self.position >= len(self.prompt)
        following = (self.last_token,) if is_decoding else self.prompt[self.position : end]
        return Chunk(self.sequence_id, self.position, following, end >= len(self.prompt))


class Serving:
    """Takes runs and computes them, a batch a `step`.

    `send` is given what happened, of all runs together; `refuse` a run that gives no answer, and why. What
    cannot be computed ends the runs that were in that batch, and no others.
    """

    def __init__(
        self,
        model: Model,
        send: Callable[[tuple[RunEvents, ...]], None],
        refuse: Callable[[int, Problem], None],
        clock: Clock = time.monotonic,
        now: Clock = time.time,
        *,
        free_bytes: Callable[[], int],
    ) -> None:
        self._model = model
        self._send = send
        self._refuse = refuse
        self._clock = clock
        self._now = now
        self._room = Room(slots=model.slots, cells=model.context_tokens)
        self._sequences = Sequences(model.slots)
        self._kept = KeptRuns(model.context_tokens, free_bytes)
        self._pace = Pace()
        self._threads = AdaptiveThreads(model)
        self._waiting: dict[int, _Run] = {}
        self._going: dict[int, _Run] = {}
        self._told: dict[int, _Run] = {}  # those that have events to send
        self._left: list[tuple[_Run, bool]] = []  # those whose sequence is to be kept, or only emptied
        self._is_urgent = False
        self._flushed_at_s = clock()

    @property
    def is_idle(self) -> bool:
        """Tell whether there is nothing to compute."""
        return not (self._waiting or self._going)

    # --- runs come and go ------------------------------------------------------------------------

    def ask(self, run_id: int, generation: Generation) -> None:
        """Take a run; its id is larger than those before. One that can never fit is refused at once."""
        began_s = self._clock()
        try:
            prompt = self._model.tokenize(generation.messages)
            if not prompt:
                raise prompt_empty()
            room = self._room.cells - len(prompt)
            if room < 1:
                raise prompt_too_long(f"It takes {len(prompt)} tokens", self._room.cells)
        except ProblemError as error:
            self._refuse(run_id, error.problem)
            return
        is_raw = generation.messages[0][0] == RAW_ROLE
        answer = AnswerStream(
            len(prompt),
            max(1, min(generation.params.max_tokens, room)),
            () if is_raw else self._model.end_texts,
            self._clock,
            began_s,
        )
        deadline_at = due_at(generation.deadline_at, self._now())
        self._waiting[run_id] = _Run(run_id, generation, prompt, answer, deadline_at)

    def cancel(self, run_ids: Iterable[int]) -> None:
        """End these runs; nothing where one is over."""
        for run_id in run_ids:
            run = self._waiting.pop(run_id, None) or self._going.get(run_id)
            if run is not None:
                self._finish(run, FinishReason.CANCELLED)
        self._flush()
        self._clear_left()

    def step(self, cancelled: Callable[[], Set[int]] = frozenset) -> None:
        """Let those begin that have room, and compute one batch.

        `cancelled` is asked meanwhile which runs are not wanted any more. A batch is left half way only where
        that is so for all of its runs: to the others it would be lost time.
        """
        if self._waiting:
            self._admit()
        going = [run.as_going() for run in self._going.values()]
        shares = next_batch(going, self._model.batch_tokens, self._pace.chunk_tokens)
        if not shares:
            return
        batch = [(self._going[order], tokens) for order, tokens in shares]
        chunks = [self._next_chunk(run, tokens) for run, tokens in batch]
        is_fixed = batch[0][0].generation.is_reproducible  # and alone
        self._threads.settle([tokens for _, tokens in batch], is_fixed=is_fixed)
        ids = {run.run_id for run, _ in batch}
        began_s = self._clock()
        try:
            if not self._model.decode(chunks, lambda: ids <= cancelled() and self._model.can_reuse):
                return
        except ProblemError as error:
            self._give_up([run for run, _ in batch], error.problem)
            return
        took_s = self._clock() - began_s
        total = sum(tokens for _, tokens in batch)
        self._pace.saw(total, took_s)
        self._threads.saw(total, took_s)
        index = -1
        for (run, tokens), chunk in zip(batch, chunks, strict=True):
            index += tokens
            self._computed(run, chunk, index)
        self._flush()
        self._clear_left()

    # --- one step --------------------------------------------------------------------------------

    def _admit(self) -> None:
        waiting = [run.as_waiting() for run in self._waiting.values()]
        going = [run.as_going() for run in self._going.values()]
        for taken in admitted(waiting, going, self._room):
            run = self._waiting.pop(taken.order)
            self._place(run)
            run.sampler = self._model.sampler(run.generation.params, run.generation.seed)
            self._going[run.run_id] = run
            self._tell(run, Admitted())
        self._flush()
        for run in self._going.values():
            run.slots_busy = max(run.slots_busy, len(self._going))

    def _place(self, run: _Run) -> None:
        if run.generation.is_reproducible:
            self._model.forget_all()  # nobody else is there
        session_id = self._session_of(run.generation)
        run.sequence_id = self._sequences.begin(session_id)
        run.position = run.reused_tokens = 0 if session_id is None else self._reused(run, session_id)
        self._sequences.computed(run.sequence_id, run.prompt[: run.position])

    def _reused(self, run: _Run, session_id: int) -> int:
        """Fill a run's sequence with what is known of its prompt; return how many tokens those are."""
        shared = self._sequences.most_in_common(session_id, run.prompt)
        known = self._kept.find(session_id, run.prompt, 0 if shared is None else shared.tokens)
        if known is not None:
            kept, common = known
            has_room = len(kept.tokens) <= self._room.cells - sum(one.cells for one in self._going.values())
            if has_room and self._model.restore(run.sequence_id, kept.state):
                if self._model.forget(run.sequence_id, common):
                    return common
                self._model.forget(run.sequence_id)
        if shared is None:
            return 0
        self._model.share(shared.sequence_id, run.sequence_id, shared.tokens)
        return shared.tokens

    def _session_of(self, generation: Generation) -> int | None:
        is_apart = generation.is_reproducible or not self._model.can_reuse
        return None if is_apart else generation.session_id

    def _next_chunk(self, run: _Run, tokens: int) -> Chunk:
        if run.position < len(run.prompt):
            run.answer.prefill_begins()
        return run.chunk(tokens)

    def _computed(self, run: _Run, chunk: Chunk, index: int) -> None:
        """Take that a run's chunk is computed; its last token was number `index` of the batch."""
        run.position += len(chunk.tokens)
        self._sequences.computed(run.sequence_id, chunk.tokens)
        if not chunk.has_outcome or run.sampler is None:
            return
        if run.position == len(run.prompt):
            self._tell(run, run.answer.prefilled())  # the first token is sent with it
        token = run.last_token = run.sampler.choose(index)
        if self._model.is_end(token):
            self._finish(run, FinishReason.STOP)
            return
        is_first = run.position == len(run.prompt)
        event = run.answer.token(self._model.piece(token))
        if event is not None:
            self._tell(run, event)
            self._is_urgent = self._is_urgent or is_first
        if run.answer.reason is not None:
            self._finish(run, run.answer.reason)

    # --- the end ---------------------------------------------------------------------------------

    def _finish(self, run: _Run, reason: FinishReason) -> None:
        chain = () if run.sampler is None else run.sampler.names
        last = run.answer.finish(
            reason, reused_tokens=run.reused_tokens, slots_busy=run.slots_busy, sampler_chain=chain
        )
        for event in last:
            self._tell(run, event)
        self._leave(run, is_kept=True)

    def _give_up(self, runs: Iterable[_Run], problem: Problem) -> None:
        for run in runs:
            self._leave(run, is_kept=False)
        self._flush()
        self._clear_left()
        for run in runs:
            self._refuse(run.run_id, problem)

    def _leave(self, run: _Run, *, is_kept: bool) -> None:
        if run.sampler is None:
            return  # it has not begun
        run.sampler.close()
        del self._going[run.run_id]
        self._left.append((run, is_kept))

    def _clear_left(self) -> None:
        """Empty the sequences of runs that are over, after what they gave is sent: a copy takes a moment."""
        for run, is_kept in self._left:
            if is_kept:
                self._keep(run)
            self._model.forget(run.sequence_id)
            self._sequences.end(run.sequence_id)
        self._left.clear()

    def _keep(self, run: _Run) -> None:
        session_id = self._session_of(run.generation)
        if session_id is not None:
            number, model = run.sequence_id, self._model
            tokens, size_bytes = self._sequences.tokens(number), model.state_bytes(number)
            self._kept.keep(session_id, tokens, size_bytes, lambda: model.state(number))

    def _tell(self, run: _Run, event: GenerationEvent) -> None:
        run.events.append(event)
        self._told[run.run_id] = run
        is_first = isinstance(event, Token) and event.count == 1
        self._is_urgent = self._is_urgent or is_first or isinstance(event, Admitted | Finished)

    def _flush(self) -> None:
        """Send what was told, in one message, where somebody waits for it or a moment has passed."""
        now_s = self._clock()
        if not self._told or not (self._is_urgent or now_s - self._flushed_at_s >= _FLUSH_INTERVAL_S):
            return
        self._send(tuple(RunEvents(run.run_id, tuple(run.events)) for run in self._told.values()))
        for run in self._told.values():
            run.events.clear()
        self._told.clear()
        self._is_urgent = False
        self._flushed_at_s = now_s
