"""One of each thing a node tells, with nasty text where a stranger could put it."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.health import Account, ChainHealth, NodeStatus, StoreHealth, Verdict
from cortensor_tui.domain.inference import Clamp, EngineHealth, EngineState, SamplingParams
from cortensor_tui.domain.networks import ContractOrigin, Found, Generation, Probe
from cortensor_tui.domain.sessions import Service, Session, SessionView
from cortensor_tui.domain.tasks import MinerResult, Stage, TaskKey, TaskTimes, TaskView
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, Place, ProofCheck, ProofVerdict, Verification
from cortensor_tui.node.history_messages import (
    GetTask,
    GetTasks,
    GetTransactions,
    TaskOutcome,
    Tasks,
    Transactions,
    Verify,
    WaitTask,
)
from cortensor_tui.node.messages import (
    Done,
    GetSessions,
    GetStatus,
    ReplyBody,
    RequestBody,
    SessionsChanged,
    StatusChanged,
    Stop,
)
from cortensor_tui.node.owner_messages import (
    Assign,
    AssignmentChecked,
    AssignmentPrepared,
    Check,
    CheckAssignment,
    CheckSigned,
    CreateSession,
    PrepareAssignment,
    SendSigned,
    Sent,
    SignedChecked,
    Submit,
)
from cortensor_tui.node.session_messages import (
    ActChecked,
    ActPrepared,
    CheckAct,
    CheckSwap,
    DeactivateSession,
    HandOver,
    PrepareAct,
    SetRouter,
    StopSwap,
    SwapChecked,
    SwapNodes,
    Swapped,
    SwapStopped,
    UpdateSession,
)
from cortensor_tui.node.settings_messages import ChangeSetting, SettingChanged, SettingEntry
from tests.cli.scripted_node import Answer

NODE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
OWNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
HASH = "0x" + "ab" * 32
NASTY = "evil\x1b[2J\x1b]0;title\x07\u202e\x9bA\nsecond line [bold]"
AT = 1_769_860_800.25  # 2026-01-31T12:00:00.250Z

STATUS = NodeStatus(
    verdict=Verdict.SERVING,
    reason=f"bound to 1 session {NASTY}",
    problem=None,
    node=Account(address=NODE, balance_wei="1500000000000000000", read_at=AT),
    owner=Account(address=OWNER),
    chain=ChainHealth(
        network="local devnet",
        endpoint="http://127.0.0.1:8545",
        chain_id=31337,
        head_number=12,
        head_seen_at=AT,
        origin=ContractOrigin(
            generation=Generation.MID,
            is_probed=True,
            probes=(
                Probe(
                    call="SessionV2.tasksBeforeRelease()",
                    answer=f"reverted: {NASTY}",
                    meaning="there is no such function",
                ),
            ),
            addresses=(Found(name="SessionV2", address=CONTRACT, source="set as X"),),
        ),
    ),
    engine=EngineHealth(state=EngineState.READY, engine="llama.cpp", model="tiny.gguf", context_tokens=2048),
    store=StoreHealth(kind="local", location="/var/lib/x", is_writable=True),
    started_at=AT,
    version="0.1.0",
    settings_path="/home/op/.cortensor/.env",
    answered_tasks=3,
    missed_tasks=0,
    warnings=("low balance",),
)
SESSION = SessionView(
    session=Session(
        session_id=3,
        name=NASTY,
        metadata="",
        state=1,
        is_active=True,
        owner=OWNER,
        mode=2,
        redundant=1,
        min_nodes=1,
        max_nodes=2,
        validator_nodes=0,
        ephemeral_nodes=(),
        dedicated_nodes=(NODE,),
        model_identifier=0,
        sla=0,
        reserve_period_s=300,
        max_task_executions=5,
        created_at=AT,
        updated_at=AT,
    ),
    service=Service.SERVED,
    reason="your own",
    is_mine=True,
)
PARAMS = SamplingParams(
    max_tokens=128,
    temperature=0.7,
    top_p=1.0,
    top_k=40,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
)
TASK = TaskView(
    key=TaskKey(3, 7),
    stage=Stage.COMMITTED,
    prompt=NASTY,
    answer=f"answer {NASTY}",
    answer_hash=HASH,
    asked=PARAMS,
    applied=PARAMS,
    clamps=(Clamp(name="max_tokens", asked=4096, applied=128, reason="context"),),
    answer_tokens=21,
    decode_tokens_per_s=85.34,
    assigned_at=AT,
    committed_at=AT,
    times=TaskTimes(assigned_block=13, seen_at=AT),
)
QUEUED_TASK = TaskView(key=TaskKey(4, 8), stage=Stage.QUEUED, prompt="hello")
TRANSACTION = Transaction(
    transaction_id=1,
    kind=TransactionKind.SUBMIT,
    state=TransactionState.MINED,
    sender=OWNER,
    nonce=4,
    hash=HASH,
    created_at=AT,
    task_key=TaskKey(3, 7),
    sent_at=AT,
    mined_at=AT,
    block_number=13,
    gas_used=21000,
    fee_wei="42000000000000",
)
REVERTED = msgspec.structs.replace(TRANSACTION, state=TransactionState.REVERTED, error=NASTY)
CHECKED = AssignmentChecked(
    checks=(Check(name="the session exists", is_met=True, detail="3"),),
    node_address=NODE,
    call=f"addDedicatedNode(3, {NODE})",
    contract=CONTRACT,
    calldata="0x7fcbee08" + "00" * 64,
    fee_wei="1000000000000000",
    gas_limit=90000,
)
PREPARED = AssignmentPrepared(
    checked=CHECKED,
    owner=OWNER,
    chain_id=31337,
    nonce=4,
    gas_limit=90_000,
    max_fee_per_gas_wei="2000000000",
    max_priority_fee_per_gas_wei="0",
)
ENDED = TaskOutcome(
    key=TaskKey(3, 7),
    stage="ended",
    is_ended=True,
    results=(MinerResult(miner=NODE, data=f"the answer {NASTY}", hash=HASH),),
)
VERIFIED = Verification(
    key=TaskKey(3, 7),
    node_address=NODE,
    chain_id=31337,
    queue_address=CONTRACT,
    verdict=ProofVerdict.PROVEN,
    summary=f"the result on chain is the stored answer, byte for byte {NASTY}",
    checks=(
        ProofCheck(
            name="assigned",
            title="the task is on chain, assigned to this node",
            finding=Finding.HOLDS,
            expected=NODE,
            found=NODE,
        ),
        *(
            ProofCheck(
                name=name,
                title=f"precommit: {name} {NASTY}",
                finding=finding,
                expected=HASH,
                found=HASH.replace("ab", "cd"),
                detail=f"the detail {NASTY}",
                place=Place(
                    transaction_hash=HASH, block_number=13, block_hash=HASH.replace("ab", "ef"), block_at=AT
                ),
            )
            for name, finding in (("precommit_block", Finding.HOLDS), ("precommit_event", Finding.NOTED))
        ),
    ),
)


ACT_CHECKED = ActChecked(
    checks=CHECKED.checks,
    call=f"SessionV2.update({NASTY})",
    contract=CONTRACT,
    calldata="0xe61552f6",
    fee_wei="21000000000000",
    gas_limit=21_000,
    signer=OWNER,
)
SWAP_CHECKED = SwapChecked(
    checks=CHECKED.checks,
    call="SessionV2.removeDedicatedNode(3)",
    contract=CONTRACT,
    calldata="0x23a8dba0",
    fee_wei="21000000000000",
    gas_limit=21_000,
    signer=OWNER,
    then_call=f"SessionV2.addDedicatedNode({NASTY})",
)


def _checked(body: RequestBody) -> ReplyBody:
    assert isinstance(body, CheckAssignment)
    return msgspec.structs.replace(CHECKED, node_address=body.node_address)


SETTING = SettingEntry(
    key="CORTENSOR_TUI_LOG_LEVEL",
    group="The program itself",
    help="The least that is logged.",
    accepted="debug or info or warning or error",
    default="info",
    shown="debug",
    source="file",
    takes_effect="at once",
)


def good_answers() -> dict[type, Answer]:
    """Return answers to everything, all of them good news."""
    return {
        ChangeSetting: SettingChanged(entry=SETTING, is_applied=True),
        GetStatus: StatusChanged(STATUS),
        GetSessions: SessionsChanged((SESSION,)),
        GetTasks: Tasks((TASK, QUEUED_TASK)),
        GetTask: Tasks((TASK,)),
        GetTransactions: Transactions((TRANSACTION, REVERTED)),
        CheckAssignment: _checked,
        PrepareAssignment: PREPARED,
        CheckSigned: SignedChecked(
            call="addDedicatedNode(3)", fee_wei=str(3 * 10**17), warning="It offers up to 5000 gwei"
        ),
        SendSigned: Sent(transaction=TRANSACTION, session_id=3),
        Assign: Sent(transaction=TRANSACTION),
        CreateSession: Sent(transaction=TRANSACTION, session_id=5),
        Submit: Sent(transaction=TRANSACTION, task_key=TaskKey(3, 7)),
        WaitTask: ENDED,
        Verify: VERIFIED,
        CheckAct: ACT_CHECKED,
        PrepareAct: ActPrepared(
            checked=ACT_CHECKED,
            owner=OWNER,
            chain_id=31337,
            nonce=7,
            gas_limit=21_000,
            max_fee_per_gas_wei="1000000000",
            max_priority_fee_per_gas_wei="1",
        ),
        UpdateSession: Sent(transaction=TRANSACTION, session_id=3),
        DeactivateSession: Sent(transaction=TRANSACTION, session_id=3),
        HandOver: Sent(transaction=TRANSACTION, session_id=3),
        SetRouter: Sent(transaction=TRANSACTION, session_id=3),
        CheckSwap: SWAP_CHECKED,
        StopSwap: SwapStopped(session_id=3),
        SwapNodes: Swapped(session_id=3, unbound=TRANSACTION, bound=TRANSACTION),
        Stop: Done(),
    }
