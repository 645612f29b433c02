"""A call that was tried out before it is sent: shown with --dry-run, refused where a check is not met."""

from __future__ import annotations

from collections.abc import Mapping

from cortensor_tui.cli.formats import cost, labelled
from cortensor_tui.cli.output import Exit, print_json, print_text
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.owner_messages import Check, CheckedCall


def print_dry_run(
    checked: CheckedCall,
    document: Mapping[str, object],
    *,
    as_json: bool,
    then: tuple[tuple[str, str], ...] = (),
) -> int:
    """Print what was found, `then` before its result, or the document; return the exit status."""
    if as_json:
        print_json(document)
    else:
        *pairs, result = checked_pairs(checked)
        print_text(labelled([*pairs, *then, result]))
    return Exit.DONE if checked.is_allowed else Exit.FAILED


def checked_pairs(checked: CheckedCall) -> list[tuple[str, str]]:
    """Return what was found of a call for people, the result last."""
    gas = "unknown" if checked.gas_limit is None else str(checked.gas_limit)
    return [
        *((_mark(check), inert(f"{check.name}: {check.detail}")) for check in checked.checks),
        ("call", inert(checked.call)),
        ("contract", inert(checked.contract, 42)),
        ("calldata", inert(checked.calldata)),
        ("gas limit", gas),
        ("fee", f"at most {cost(checked.fee_wei)}" if checked.fee_wei else "unknown"),
        ("result", "would be sent" if checked.is_allowed else "would be refused"),
    ]


def _mark(check: Check) -> str:
    return "unknown" if check.is_met is None else "ok" if check.is_met else "NOT MET"


def refusal(checked: CheckedCall) -> ProblemError:
    """Return the error for a call of which not every check is met."""
    unmet = [check for check in checked.checks if not check.is_met]
    why = "; ".join(f"{check.name}: {check.detail}" for check in unmet)
    is_unknown = all(check.is_met is None for check in unmet)
    return problem_error(
        "check_unknown" if is_unknown else "check_failed",
        "A check could not be made, so nothing was sent"
        if is_unknown
        else "A check failed, so nothing was sent",
        why,
        "Look with --dry-run, mend that and try again",
    )
