"""Whatever happens between node and chain: no second answer, no two calls at a nonce, all mined once."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.transactions import Purpose, SendRules, TransactionSender
from cortensor_tui.chain.transactions.fees import GasPrices
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from tests.chain.transactions.model_chain import ADDRESS, Died, Fate, ModelChain, ModelSigner
from tests.support.clock import StandingClock

SCOPE = ChainScope(chain_id=1, genesis_hash="0x00", queue_address="0x" + "22" * 20)
RULES = SendRules(fee_cap_wei=100_000)
PASSING = {"no_rpc", "rpc_refused", "no_balance", "fee_too_low", "send_refused"}
Wanted = tuple[int, TransactionKind]
task_ids = st.integers(0, 9)
fates = st.sampled_from([Fate.ARRIVES, Fate.ARRIVES, *Fate])
kinds = st.sampled_from([TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT])


def call_for(wanted: Wanted, answer: str = "aa") -> ContractCall:
    task_id, kind = wanted
    return ContractCall(
        to=SCOPE.queue_address,
        data=f"0x{task_id:02d}{kind.encode().hex()}{answer}",
        text=f"{kind}({task_id})",
    )


class NonceStreamMachine(RuleBasedStateMachine):
    """A sender with a real journal against a chain that loses, refuses, drops and reorganises."""

    @initialize(bump=st.booleans(), parks=st.booleans())
    def begin(self, bump: bool, parks: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.clock = StandingClock()
        self.chain = ModelChain()
        self.chain.parks_later_nonces = parks
        self.send_rules = SendRules(fee_cap_wei=RULES.fee_cap_wei, bump=bump)
        self.wanted: set[Wanted] = set()
        self.is_begun = True
        self.open_sender()
        self.run(self.sender.start())

    def open_sender(self) -> None:
        database = Database.open(Path(self.folder.name) / "journal.sqlite")
        database.connection.execute("PRAGMA synchronous=OFF")  # nothing here loses power
        self.database = database
        self.journal = Journal(database, SCOPE)
        self.sender = TransactionSender(
            self.chain,
            ModelSigner(),
            self.journal.transactions,
            self.prices,
            lambda transaction: None,
            self.send_rules,
            self.clock,
        )

    def prices(self) -> GasPrices:
        block = int(self.clock.seconds / 5)
        return GasPrices(base_fee_wei=self.chain.base_fee_wei, priority_fee_wei=1, block_number=block)

    def run(self, work: object) -> bool:
        """Run to the end; False when the endpoint or the gate said no, and start anew after a death."""
        try:
            self.loop.run_until_complete(work)  # type: ignore[arg-type]
        except Died:
            self.restart_with_its_journal()
            return False
        except ProblemError as error:
            if error.problem.code not in PASSING:
                raise
            return False
        return True

    # --- what the node does ------------------------------------------------------------------------

    @rule(task_id=task_ids, kind=kinds, fate=fates)
    def send_one(self, task_id: int, kind: TransactionKind, fate: Fate) -> None:
        self.chain.fate = fate
        self.wanted.add((task_id, kind))
        self.run(self.deliver((task_id, kind)))

    @rule(first=task_ids, others=st.integers(2, 4), fate=fates)
    def send_many(self, first: int, others: int, fate: Fate) -> None:
        self.chain.fate = fate
        burst = [((first + offset) % 10, TransactionKind.ACK) for offset in range(others)]
        self.wanted.update(burst)

        async def all_at_once() -> None:
            found = await asyncio.gather(*(self.deliver(one) for one in burst), return_exceptions=True)
            for one in found:
                if isinstance(one, BaseException):
                    raise one

        self.run(all_at_once())

    async def deliver(self, wanted: Wanted) -> None:
        """Send unless it stands already, as the miner's room does."""
        task_id, kind = wanted
        if self.journal.transactions.of_task(TaskKey(0, task_id), kind) is None:
            await self.sender.send(call_for(wanted), self.purpose(wanted, "0xaa"))

    def purpose(self, wanted: Wanted, payload_hash: str) -> Purpose:
        task_id, kind = wanted
        key = TaskKey(0, task_id)
        commitment = Commitment(
            scope=SCOPE, key=key, node=ADDRESS, stage=kind.value, payload_hash=payload_hash
        )
        is_promise = kind is not TransactionKind.ACK
        return Purpose(
            kind=kind, task_key=key, commitment=commitment if is_promise else None, deadline_at=float(task_id)
        )

    @precondition(lambda self: self.promised())
    @rule(data=st.data())
    def try_another_answer(self, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(self.promised()))

        async def contradict() -> None:
            with pytest.raises(ProblemError) as refused:
                await self.sender.send(call_for(wanted, "bb"), self.purpose(wanted, "0xbb"))
            assert refused.value.problem.code in ("two_answers", "no_rpc", "no_balance", "fee_too_low")

        self.run(contradict())

    def promised(self) -> list[Wanted]:
        rows = self.database.connection.execute(
            "SELECT DISTINCT task_id, kind FROM transactions WHERE kind IN ('precommit', 'commit')"
            " ORDER BY 1, 2"
        )
        return [(row["task_id"], TransactionKind(row["kind"])) for row in rows]

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 6.0, 20.0]), fate=fates)
    def look(self, seconds: float, fate: Fate) -> None:
        self.chain.fate = fate
        self.clock.pass_s(seconds)
        self.run(self.sender.look())

    @rule()
    def restart_with_its_journal(self) -> None:
        self.database.close()
        self.open_sender()
        while not self.run_start():
            self.chain.is_down = False

    def run_start(self) -> bool:
        try:
            self.loop.run_until_complete(self.sender.start())
        except Died:
            self.database.close()
            self.open_sender()
            return False
        except ProblemError:
            return False
        return True

    # --- what the world does -----------------------------------------------------------------------

    @rule(most=st.integers(1, 5))
    def mine(self, most: int) -> None:
        self.chain.mine(most)

    @rule(nonce=st.integers(0, 10))
    def drop(self, nonce: int) -> None:
        self.chain.drop(nonce)

    @rule(base_fee_wei=st.sampled_from([50, 100, 400, 3_000]))
    def change_the_base_fee(self, base_fee_wei: int) -> None:
        self.chain.base_fee_wei = base_fee_wei

    @rule(is_funded=st.sampled_from([True, True, False]))
    def change_the_balance(self, is_funded: bool) -> None:
        self.chain.is_funded = is_funded

    @rule(is_down=st.sampled_from([False, False, False, True]))
    def change_the_endpoint(self, is_down: bool) -> None:
        self.chain.is_down = is_down

    @rule(depth=st.integers(1, 4), keeps=st.booleans(), is_told=st.booleans())
    def reorganise(self, depth: int, keeps: bool, is_told: bool) -> None:
        """Take blocks away; a watcher may tell of it only later, with a restart."""
        self.chain.reorganise(depth, keeps=keeps)
        if is_told:
            self.run(self.sender.reread())

    # --- what always holds -------------------------------------------------------------------------

    @invariant()
    def no_two_calls_at_a_nonce(self) -> None:
        if getattr(self, "is_begun", False):
            for nonce, calls in self.chain.possibly_alive.items():
                assert len(calls - {"0x"}) <= 1, f"nonce {nonce} has {calls}"

    @invariant()
    def no_second_answer_leaves(self) -> None:
        if getattr(self, "is_begun", False):
            assert not any(
                call.endswith("bb") for calls in self.chain.possibly_alive.values() for call in calls
            )
            assert self.sender.problem is None or self.sender.problem.code == "no_balance", "no stranger here"

    def teardown(self) -> None:
        if getattr(self, "is_begun", False):
            try:
                self.all_is_mined_once()
            finally:
                self.database.close()
                self.loop.close()
                self.folder.cleanup()

    def all_is_mined_once(self) -> None:
        chain = self.chain
        chain.is_down, chain.is_funded, chain.fate, chain.base_fee_wei = False, True, Fate.ARRIVES, 100
        self.run(self.sender.reread())
        for _ in range(60):
            self.clock.pass_s(2.5)
            self.run(self.sender.look())
            for wanted in sorted(self.wanted):
                self.run(self.deliver(wanted))
            chain.mine(100)
        self.run(self.sender.look())
        rows = self.journal.transactions.recent(1_000)
        unsettled = [one for one in rows if not one.state.is_final]
        assert unsettled == []
        assert chain.pool == {}
        calls = Counter(one.data for one in chain.mined if one.data != "0x")
        assert calls == Counter(call_for(one).data for one in self.wanted)
        mined = sorted(one.nonce for one in rows if one.state is TransactionState.MINED)
        assert mined == list(range(len(chain.mined))), "gapless"


TestNonceStream = NonceStreamMachine.TestCase
TestNonceStream.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
