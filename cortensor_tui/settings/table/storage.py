"""Where texts are kept, and the IPFS nodes that some of them go to."""

from __future__ import annotations

from functools import partial
from typing import Final

from cortensor_tui.settings import kinds
from cortensor_tui.settings.spec import Group, Spec, setting

_setting = partial(setting, Group.STORAGE)

STORAGE: Final[tuple[Spec, ...]] = (
    _setting(
        "CORTENSOR_TUI_IPFS_URLS",
        "ipfs_urls",
        kinds.URLS,
        (),
        "RPC addresses of IPFS nodes, such as http://127.0.0.1:5001; the second is asked where the first "
        "fails. Without any, a task whose prompt is at an ipfs:// address can only be answered if the text "
        "is in the local store.",
        default_words="none",
    ),
    _setting(
        "ENABLE_IPFS_SERVER",
        "ipfs_server_enabled",
        kinds.FLAG,
        False,
        "1 runs an IPFS node beside this one, and asks it before those of CORTENSOR_TUI_IPFS_URLS. Only one "
        "of several nodes on a host may: its folder takes one. The network's default is 1; here it is 0, "
        "since the program for it must be installed first.",
    ),
    _setting(
        "CORTENSOR_TUI_IPFS_COMMAND",
        "ipfs_command",
        kinds.WORDS,
        "ipfs",
        "The program that ENABLE_IPFS_SERVER runs: Kubo's `ipfs`, or another with the same commands. It "
        "finds its folder by itself (IPFS_PATH, else ~/.ipfs), which is made where there is none.",
    ),
    _setting(
        "CORTENSOR_TUI_IPFS_ANSWERS",
        "ipfs_answers",
        kinds.one_of("as-prompt", "always", "never"),
        "as-prompt",
        "Which answers go to IPFS, with only their ipfs:// address on chain: those to prompts that came so, "
        "all, or none. Anybody can read them there.",
    ),
    _setting(
        "CORTENSOR_TUI_IPFS_TIMEOUT_S",
        "ipfs_timeout_s",
        kinds.decimal("1", "600", "seconds"),
        30.0,
        "Longest time for fetching or delivering one payload at one IPFS node.",
    ),
    _setting(
        "CORTENSOR_TUI_IPFS_MAX_MB",
        "ipfs_max_mib",
        kinds.whole(1, 16),
        16,
        "Largest prompt that is fetched from IPFS, in MiB; a larger one is not answered.",
    ),
    _setting(
        "CORTENSOR_TUI_IPFS_KEEP_DAYS",
        "ipfs_keep_days",
        kinds.unless("keep", "always", kinds.whole(1, 36_500)),
        30,
        "Days after the end of its task for which an answer stays pinned on the IPFS node.",
    ),
    _setting(
        "CORTENSOR_TUI_KEEP_PAYLOADS_DAYS",
        "payload_keep_days",
        kinds.unless("keep", "always", kinds.whole(1, 36_500)),
        None,
        "Days after the end of its task for which prompt and answer stay on this machine's disk. What is "
        "gone can be neither shown nor proven.",
    ),
)
