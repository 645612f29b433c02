"""Transactions that the owner's own wallet signs: written to a file, and sent from one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cortensor_tui.cli.asking import SEND_TIMEOUT_S, ask, ask_node, with_node
from cortensor_tui.cli.formats import cost
from cortensor_tui.cli.output import Exit, print_json, print_notice, print_text
from cortensor_tui.cli.sending import mined_sentence, require_mined
from cortensor_tui.cli.shapes import transaction_json
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import GetStatus, StatusChanged
from cortensor_tui.node.owner_messages import (
    AssignmentPrepared,
    CheckSigned,
    PrepareAssignment,
    SendSigned,
    Sent,
    SignedChecked,
)
from cortensor_tui.node.session_messages import ActPrepared, Change, PrepareAct
from cortensor_tui.settings.private_file import write_private_file

MOST_FILE_CHARS = 512 * 1024
_RAW_KEYS = ("raw", "rawTransaction", "raw_transaction")


def write_unsigned(
    env: Path, session_id: int, address: str | None, file: Path, *, unbind: bool, as_json: bool
) -> int:
    """Write the transaction of an assignment; the node checks it as if it were to send it."""

    async def prepare(client: NodeClient) -> AssignmentPrepared:
        target = address or (await ask(client, GetStatus(), StatusChanged)).status.node.address
        body = PrepareAssignment(session_id=session_id, node_address=target, unbind=unbind)
        return await ask(client, body, AssignmentPrepared)

    return _write(with_node(env, prepare), file, as_json)


def write_unsigned_act(env: Path, act: Change, file: Path, *, as_json: bool) -> int:
    """Write the transaction of another act, checked as if the node were to send it."""
    return _write(ask_node(env, PrepareAct(act=act), ActPrepared), file, as_json)


def _write(prepared: AssignmentPrepared | ActPrepared, file: Path, as_json: bool) -> int:
    document = unsigned_document(prepared)
    write_private_file(file, json.dumps(document, indent=2).encode() + b"\n", may_replace=False)
    if as_json:
        print_json({"file": str(file), **document})
    else:
        print_text(
            f"{inert(prepared.checked.call)} is in {inert(str(file))}, to be signed by {prepared.owner} with "
            f"nonce {prepared.nonce}. Then: cortensor-tui assign --signed FILE"
        )
    return Exit.DONE


def unsigned_document(prepared: AssignmentPrepared | ActPrepared) -> dict[str, Any]:
    """Return what the file holds; `transaction` has the form that eth_signTransaction takes."""
    checked = prepared.checked
    return {
        "call": checked.call,
        "checks": [
            {"name": check.name, "is_met": check.is_met, "detail": check.detail} for check in checked.checks
        ],
        "transaction": {
            "type": "0x2",
            "chainId": hex(prepared.chain_id),
            "from": prepared.owner,
            "to": checked.contract,
            "data": checked.calldata,
            "value": "0x0",
            "nonce": hex(prepared.nonce),
            "gas": hex(prepared.gas_limit),
            "maxFeePerGas": hex(int(prepared.max_fee_per_gas_wei)),
            "maxPriorityFeePerGas": hex(int(prepared.max_priority_fee_per_gas_wei)),
        },
    }


def send_signed(env: Path, file: Path, *, as_json: bool) -> int:
    """Send a signed assignment through the node, and wait until it is mined."""
    raw = read_signed(file)

    async def send(client: NodeClient) -> tuple[SignedChecked, Sent]:
        checked = await ask(client, CheckSigned(raw=raw), SignedChecked)
        warning = f" Warning: {checked.warning}." if checked.warning else ""
        print_notice(f"{file}: note: {checked.call} can cost at most {cost(checked.fee_wei)}.{warning}")
        return checked, await ask(client, SendSigned(raw=raw), Sent, SEND_TIMEOUT_S)

    checked, sent = with_node(env, send)
    require_mined(sent)
    if as_json:
        print_json(
            {
                "session_id": sent.session_id,
                "transaction": transaction_json(sent.transaction),
                "most_fee_wei": checked.fee_wei,
                "warning": checked.warning or None,
            }
        )
    else:
        shown = inert(sent.transaction.call or sent.transaction.kind.value)
        print_text(f"{shown} was sent. {mined_sentence(sent.transaction)}")
    return Exit.DONE


def read_signed(file: Path) -> str:
    """Return the raw transaction in a file, 0x hex: alone, or in a JSON document."""
    try:
        with file.open(encoding="utf-8") as stream:
            text = stream.read(MOST_FILE_CHARS).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise problem_error("no_file", f"{file} cannot be read", why, "Check the path") from error
    if text[:1] not in ("{", '"'):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        found = next((found[key] for key in _RAW_KEYS if key in found), None)
    if not isinstance(found, str):
        raise problem_error(
            "bad_signed",
            f"{file} has no signed transaction in it",
            "it is neither 0x hex nor JSON with `raw` or `rawTransaction`",
            "Save what the wallet gave as the raw signed transaction",
        )
    return found
