"""A task that a node answered, on a real chain, with its journal and its store; no engine and no process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.chain.contracts.contract_call import ContractCall
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.chain.rpc.client import Call, Rpc
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.envelope import Envelope, digest_of
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, ProofCheck, Verification
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.journal.transaction_rows import SignedTransaction
from cortensor_tui.node.verification import verify
from cortensor_tui.node.verification.evidence import Ground
from cortensor_tui.storage.local_store import LocalStore
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.journal.test_journal import PARAMS
from tests.support.scripted_rpc import PassingRpc

PROMPT = "What is a chain? — 🙂"
ENVELOPE = Envelope(model_file="a.gguf", model_sha256="b1" * 32, seed=7, parameters_sha256=digest_of(PARAMS))
ANSWER = "An answer with ünïcode ⛓ and\nlines."
STEPS = (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)
STAGES = {
    TransactionKind.ACK: Stage.ACKED,
    TransactionKind.PRECOMMIT: Stage.PRECOMMITTED,
    TransactionKind.COMMIT: Stage.COMMITTED,
}
OTHER_HASH = "0x" + "ab" * 32
"""One that nothing here has."""
GAS_LIMIT, FEE_WEI = 2_000_000, 10**11
_MINER = user_accounts()[3]


class AnsweringNode:
    """Takes a task's steps with its own key, and writes down what a node writes down."""

    def __init__(self, devnet: DevnetOnAnvil, folder: Path) -> None:
        self.devnet = devnet
        self.folder = folder
        contracts = Contracts(
            session_v2=devnet.contracts.session_v2, session_queue_v2=devnet.contracts.session_queue_v2
        )
        self._generation = Generation(devnet.generation)
        self.reader = ContractReader(devnet.rpc, contracts, 1, self._generation)
        self.signer = Signer(_MINER.private_key, 31337)
        self.database = Database.open(folder / "journal.sqlite")
        scope = ChainScope(chain_id=31337, genesis_hash="0x00", queue_address=contracts.session_queue_v2)
        self.journal = Journal(self.database, scope)
        self.store = LocalStore(folder / "payloads")
        self.address = self.signer.address

    async def answer(self, key: TaskKey, upto: TransactionKind = TransactionKind.COMMIT) -> TaskRecord:
        """Take all steps of an assigned task up to one."""
        prompt = (await self.reader.task(key)).data
        record = TaskRecord(
            key=key,
            stage=Stage.ASSIGNED,
            prompt_cid=self.store.put(prompt.encode()),
            details=TaskDetails(prompt_type=1, prompt_template="", asked=PARAMS, applied=PARAMS),
            assigned_at=time.time(),
        )
        self.journal.tasks.save(record, "assigned")
        for kind in STEPS[: STEPS.index(upto) + 1]:
            if kind is TransactionKind.PRECOMMIT:
                record = msgspec.structs.replace(
                    record,
                    answer_cid=self.store.put(ANSWER.encode()),
                    answer_hash=answer_hash(ANSWER),
                    envelope=ENVELOPE,
                )
            await self.send(key, kind)
            record = msgspec.structs.replace(record, stage=STAGES[kind])
            self.journal.tasks.save(record, kind.value)
        return record

    async def send(self, key: TaskKey, kind: TransactionKind) -> None:
        """Sign, save, send and see one step mined."""
        call = self._call(key, kind)
        nonce = int(await self.devnet.rpc.call("eth_getTransactionCount", self.address, "latest"), 16)
        fields = {"nonce": nonce, "to": call.to, "data": call.data, "gas": GAS_LIMIT}
        raw, digest = self.signer.sign(
            {**fields, "maxFeePerGas": FEE_WEI, "maxPriorityFeePerGas": 10**9, "value": 0}
        )
        commitment = None
        if kind is not TransactionKind.ACK:
            commitment = Commitment(
                scope=self.journal.scope,
                key=key,
                node=self.address,
                stage=kind.value,
                payload_hash=answer_hash(ANSWER),
            )
        saved = self.journal.transactions.save_signed(
            SignedTransaction(
                kind=kind,
                sender=self.address,
                nonce=nonce,
                attempt=SignedAttempt(hash=digest, raw=raw),
                task_key=key,
                commitment=commitment,
            ),
            time.time(),
        )
        receipt = await self.devnet.rpc.call("eth_sendRawTransactionSync", "0x" + raw.hex())
        assert receipt["status"] == "0x1"
        self.journal.transactions.update(
            msgspec.structs.replace(
                saved,
                state=TransactionState.MINED,
                block_number=int(receipt["blockNumber"], 16),
                block_hash=receipt["blockHash"],
            )
        )

    async def verify(self, key: TaskKey, rpc: Rpc | None = None, finality: int | str = 0) -> Verification:
        """Verify a task, through an endpoint that may lie."""
        reader = ContractReader(rpc or self.devnet.rpc, self.reader.contracts, 1, self._generation)
        ground = Ground(
            rpc=rpc or self.devnet.rpc,
            reader=reader,
            journal=self.journal,
            store=self.store,
            node=self.address,
            finality=finality,
            log_span_blocks=1000,
        )
        return await verify(ground, key)

    def write(self, statement: str, *values: object) -> None:
        """Change the journal behind everybody's back."""
        changed = self.database.connection.execute(statement, values)
        assert changed.rowcount >= 1

    def _call(self, key: TaskKey, kind: TransactionKind) -> ContractCall:
        extra: dict[TransactionKind, tuple[object, ...]] = {
            TransactionKind.ACK: (),
            TransactionKind.PRECOMMIT: (bytes.fromhex(answer_hash(ANSWER)[2:]), "some data"),
            TransactionKind.COMMIT: (ANSWER,),
        }
        return self.reader.queue_call(kind.value, key.session_id, key.task_id, *extra[kind])


class LyingRpc(PassingRpc):
    """Answers as another endpoint does, but for what `change` makes of one method's results."""

    def __init__(self, truth: Rpc, method: str, change: Callable[[Any], Any]) -> None:
        super().__init__(truth)
        self._method, self._change = method, change
        self.lies = 0

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await super().batch(calls)
        return [self._said(method, answer) for (method, _), answer in zip(calls, answers, strict=True)]

    def _said(self, method: str, answer: Any) -> Any:
        if method != self._method:
            return answer
        changed = self._change(answer)
        self.lies += changed != answer
        return changed


def findings(found: Verification, *kinds: Finding) -> list[str]:
    """Return the names of the checks that came out like this."""
    return [check.name for check in found.checks if check.finding in kinds]


def check_named(found: Verification, name: str) -> ProofCheck:
    """Return one check."""
    return next(check for check in found.checks if check.name == name)
