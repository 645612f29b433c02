"""Makes a journal with a past of any length, fast: rows are copied by SQL, not signed one by one."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.tasks import TaskDetails

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
NODE = "0x" + "22" * 20
PARAMS = SamplingParams(
    max_tokens=64,
    temperature=0.7,
    top_p=1.0,
    top_k=40,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
)
NOW = 1_790_000_000.0

_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
_TASKS = f"""
{_NUMBERS}
INSERT INTO tasks (chain, session_id, task_id, stage, prompt_cid, answer_cid, details, times,
    assigned_at, acked_at, precommitted_at, committed_at, ended_at, note)
SELECT :chain, n % :sessions, n / :sessions,
    CASE WHEN n >= :count - 3 THEN 'acked' WHEN n % 50 = 7 THEN 'missed' ELSE 'ended' END,
    :prompt_cid, CASE WHEN n >= :count - 3 OR n % 50 = 7 THEN NULL ELSE :answer_cid END,
    CAST(json_set(:details, '$.answer_tokens', n % 200) AS BLOB), CAST('{{}}' AS BLOB),
    :now - (:count - n) * 60, :now - (:count - n) * 60 + 1, :now - (:count - n) * 60 + 9,
    :now - (:count - n) * 60 + 12, CASE WHEN n >= :count - 3 THEN NULL ELSE :now - (:count - n) * 60 + 15 END,
    CASE WHEN n % 50 = 7 THEN 'the engine was away' ELSE '' END
FROM numbers
"""
_TRANSACTIONS = f"""
{_NUMBERS}
INSERT INTO transactions (transaction_id, chain, kind, state, sender, nonce, hash, session_id, task_id,
    created_at, sent_at, mined_at, block_number, gas_used, fee_wei, target, calldata, gas_limit, call)
SELECT n + 1, :chain,
    CASE WHEN n % 5000 = 17 THEN 'submit' ELSE json_extract('["ack","precommit","commit"]',
        '$[' || (n % 3) || ']') END,
    CASE WHEN n >= :count - 2 THEN 'sent' WHEN n % 1000 = 3 THEN 'reverted' ELSE 'mined' END,
    :sender, n, printf('0x%064x', n), n / 3 % :sessions, n / 3 / :sessions % :task_ids,
    :now - (:count - n) * 6, :now - (:count - n) * 6, :now - (:count - n) * 6 + 2, n, 90000, '120000000000',
    :sender, '0x' || hex(zeroblob(100)), 200000, 'commit(7, 12, 0x1234)'
FROM numbers
"""
_ATTEMPTS = """
INSERT INTO attempts (transaction_id, number, hash, raw, max_fee_wei, priority_fee_wei, signed_at, sent_at)
SELECT transaction_id, 1, hash, zeroblob(250), '2000000000', '1000000000', created_at, sent_at
FROM transactions
"""


def write_past(
    path: Path,
    *,
    sessions: int,
    tasks: int,
    transactions: int,
    prompt_cid: str = "",
    answer_cid: str = "",
    scope: ChainScope = SCOPE,
) -> Journal:
    """Return a journal of so many rows: every 50th task missed, the last three open, one a minute."""
    database = Database.open(path)
    journal = Journal(database, scope)
    details = TaskDetails(prompt_type=1, prompt_template="", asked=PARAMS, applied=PARAMS, prompt_tokens=20)
    values = {
        "chain": journal.chain,
        "now": NOW,
        "sessions": sessions,
        "sender": NODE,
        "details": json.dumps(msgspec.to_builtins(details)),
        "prompt_cid": prompt_cid,
        "answer_cid": answer_cid,
        "task_ids": max(1, tasks // sessions),
    }
    with database.step("past") as connection:
        if tasks:
            connection.execute(_TASKS, values | {"count": tasks})
        if transactions:
            connection.execute(_TRANSACTIONS, values | {"count": transactions})
            connection.execute(_ATTEMPTS)
    return journal
