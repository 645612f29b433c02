"""What can be wrong with an IPFS node or what it gives, in words; `PASSING` may be right later."""

from __future__ import annotations

from typing import Final

from cortensor_tui.domain.problems import ProblemError, problem_error

UNREACHABLE, SLOW, REFUSED = "ipfs_unreachable", "ipfs_slow", "ipfs_refused"
FULL, BAD_ANSWER, UNSET = "ipfs_full", "ipfs_bad_answer", "ipfs_unset"
OTHER_BYTES, NO_FILE, TOO_LARGE = "ipfs_other_bytes", "ipfs_no_file", "payload_too_large"
PASSING: Final = frozenset({UNREACHABLE, SLOW, REFUSED, FULL, BAD_ANSWER})
_FULL_WORDS = ("no space left", "enospc", "disk quota", "edquot", "file too large", "efbig")
_MIB = 1024 * 1024


def unreachable(node: str, why: str) -> ProblemError:
    """Return that nobody answers there."""
    return problem_error(
        UNREACHABLE,
        f"The IPFS node {node} does not answer",
        why,
        "Start it, or correct CORTENSOR_TUI_IPFS_URLS; the node goes on by itself",
    )


def none_up() -> ProblemError:
    """Return that the node of ENABLE_IPFS_SERVER is the only one, and not up."""
    return problem_error(
        UNREACHABLE,
        "No IPFS node is up",
        "the one of ENABLE_IPFS_SERVER is not, and CORTENSOR_TUI_IPFS_URLS names none",
        "See in the node's log why it does not start",
    )


def slow(node: str, limit_s: float) -> ProblemError:
    """Return that it took too long."""
    return problem_error(
        SLOW,
        f"The IPFS node {node} is too slow",
        f"it had not done in {limit_s:g} s what was asked of it",
        "See whether it has peers and a disk that keeps up, or raise CORTENSOR_TUI_IPFS_TIMEOUT_S",
    )


def refused(node: str, status: int, said: str) -> ProblemError:
    """Return that it said no; a full disk is told apart."""
    if any(words in said.lower() for words in _FULL_WORDS):
        return problem_error(
            FULL,
            f"The disk of the IPFS node {node} is full",
            said,
            "Free space there; the node goes on by itself",
        )
    return problem_error(
        REFUSED,
        f"The IPFS node {node} refuses",
        f"HTTP {status}{': ' if said else ''}{said}",
        "Look into its own log; the node goes on by itself",
    )


def bad_answer(node: str, why: str) -> ProblemError:
    """Return that what answers there is no IPFS node, or a broken one."""
    return problem_error(
        BAD_ANSWER,
        f"What the IPFS node {node} answers makes no sense",
        why,
        "Check that the address is that of its RPC API, most often on port 5001",
    )


def hung_up(node: str) -> ProblemError:
    """Return that it ended the line in the middle, as js-ipfs does when it cannot write."""
    return problem_error(
        BAD_ANSWER,
        f"The IPFS node {node} hung up in the middle",
        "as some do whose disk is full",
        "See its disk and its own log; the node goes on by itself",
    )


def other_bytes(node: str, cid: str) -> ProblemError:
    """Return that it gave bytes of another hash."""
    return problem_error(
        OTHER_BYTES,
        f"The IPFS node {node} gave other bytes than those of {cid}",
        "they do not have its hash, so they are not used",
        "Use another node: this one, or something before it, changes what it gives",
    )


def no_file(cid: str, why: str) -> ProblemError:
    """Return that the id is not one of a file."""
    return problem_error(
        NO_FILE, f"What {cid} names cannot be read as a text", why, "Submit the id of a single file"
    )


def too_large(cid: str, most_bytes: int, told_bytes: int | None = None) -> ProblemError:
    """Return that a payload is over the limit; `told_bytes` is what it says of itself."""
    told = "it" if told_bytes is None else f"it has {told_bytes} bytes and"
    return problem_error(
        TOO_LARGE,
        f"The payload {cid} is too large",
        f"{told} goes over the limit of {most_bytes / _MIB:g} MiB",
        "Raise CORTENSOR_TUI_IPFS_MAX_MB if such prompts are to be answered",
    )


def unset(cid: str) -> ProblemError:
    """Return that there is no node to ask."""
    return problem_error(
        UNSET,
        f"No IPFS node is set, and one is needed for ipfs://{cid}",
        "",
        "Set CORTENSOR_TUI_IPFS_URLS to the RPC address of an IPFS node",
    )
