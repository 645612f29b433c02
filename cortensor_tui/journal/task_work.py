"""What the tasks that have ended took, minute by minute, for the figures of what the node got through."""

from __future__ import annotations

import sqlite3

from cortensor_tui.domain.throughput import MINUTE_S, Span

# The first token comes with the prefill, so decoding made one less than the answer has.
_BY_MINUTE = """
SELECT CAST(ended_at / 60 AS INTEGER) * 60 AS began_at,
    sum(stage = 'ended') AS answered, sum(stage = 'missed') AS missed,
    total(prompt_tokens * (prefill > 0)) AS prompt_tokens, total(prompt_tokens / prefill) AS prefill_s,
    total((answer_tokens - 1) * (decode > 0)) AS answer_tokens,
    total((answer_tokens - 1) / decode) AS decode_s
FROM (
    SELECT ended_at, stage,
        json_extract(CAST(details AS TEXT), '$.prompt_tokens') AS prompt_tokens,
        json_extract(CAST(details AS TEXT), '$.answer_tokens') AS answer_tokens,
        json_extract(CAST(details AS TEXT), '$.prefill_tokens_per_s') AS prefill,
        json_extract(CAST(details AS TEXT), '$.decode_tokens_per_s') AS decode
    FROM tasks INDEXED BY tasks_by_end
    WHERE chain = ? AND ended_at >= ? AND stage IN ('ended', 'missed')
)
GROUP BY began_at ORDER BY began_at
"""


def work_by_minute(connection: sqlite3.Connection, chain: int, since: float) -> list[Span]:
    """Return a span for each minute from `since` on, unix seconds, in which a task ended; oldest first."""
    return [
        Span(
            row["began_at"],
            MINUTE_S,
            row["answered"],
            row["missed"],
            int(row["prompt_tokens"]),
            row["prefill_s"],
            int(row["answer_tokens"]),
            row["decode_s"],
        )
        for row in connection.execute(_BY_MINUTE, (chain, since))
    ]
