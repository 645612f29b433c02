"""A scripted node's settings: told, checked and changed as a real one does."""

from __future__ import annotations

import msgspec

from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.settings_messages import (
    ChangeSetting,
    CheckSetting,
    GetSettings,
    SettingChanged,
    SettingChecked,
    SettingEntry,
    SettingRemark,
    SettingsTold,
)

from .scripted_node import ScriptedNode, refusal

AT_ONCE, AT_START = "at once", "at the next start of the node"
FEE, PORT, KEY = "CORTENSOR_TUI_MAX_FEE_GWEI", "LLM_PORT", "NODE_PRIVATE_KEY"


def entry(key: str, shown: str, takes_effect: str = AT_START, **more: object) -> SettingEntry:
    """Return a setting; it has its default unless `source` says otherwise."""
    base = SettingEntry(
        key=key,
        group="Transactions and deadlines",
        help="The most to pay for one unit of gas. Above it a transaction waits.",
        accepted="gwei from 0.001 to 1000000",
        default="100",
        shown=shown,
        source="default",
        takes_effect=takes_effect,
        text="",
    )
    return msgspec.structs.replace(base, **more)


def told() -> SettingsTold:
    """Return what the samples' node has: one of each kind."""
    return SettingsTold(
        path="/home/op/.cortensor/.env",
        entries=(
            entry(
                "HOST",
                "https://arb.example/…",
                group="Chain",
                help="The chain's JSON-RPC endpoint, asked first.",
                source="file",
                line=1,
                text=None,
                is_default=False,
            ),
            entry(
                KEY,
                "(hidden)",
                "with the keys commands",
                group="Keys",
                help="The node's private key as it stands.",
                source="file",
                line=3,
                text=None,
                is_default=False,
                is_secret=True,
            ),
            entry(FEE, "2", AT_ONCE, source="file", line=5, text="2", is_default=False),
            entry("CORTENSOR_TUI_FINALITY", "finalized", source="profile", help="When a block is final."),
            entry(
                PORT,
                "8090",
                group="Engine and model",
                help="Port of a model server.",
                line=7,
                shown_next="9000",
                text="9000",
                is_default=False,
            ),
            entry(
                "CORTENSOR_TUI_LOG_LEVEL",
                "warning",
                AT_ONCE,
                group="The program itself",
                help="The least that is logged.",
                source="environment",
                text="warning",
                is_default=False,
            ),
        ),
        notes=(
            SettingRemark(
                text="LOG_FILE_NAM is not known here and is ignored; perhaps LOG_FILE_NAME was meant", line=6
            ),
        ),
    )


def answer_settings(node: ScriptedNode) -> None:
    """Let a scripted node tell, check and change these settings."""

    def check(body: RequestBody) -> ReplyBody:
        assert isinstance(body, CheckSetting)
        if body.name == KEY:
            return refusal("key_setting", f"{KEY} is not changed here", "", "cortensor-tui keys import")
        if body.value == "lots":
            return refusal("setting_refused", f"{FEE} is not a number", "found 'lots'", "Give another value")
        return SettingChecked(
            key=body.name,
            takes_effect=AT_ONCE,
            fingerprint="f1",
            line=5,
            line_before=f"{body.name}=2 # cheap",
            line_after=f"{body.name}={body.value or ''} # cheap",
            is_change=body.value != "2",
        )

    def change(body: RequestBody) -> ReplyBody:
        assert isinstance(body, ChangeSetting)
        changed = entry(body.name, body.value or "100", AT_ONCE, text=body.value or "")
        return SettingChanged(entry=changed, is_applied=True)

    node.answers[GetSettings] = lambda body: told()
    node.answers[CheckSetting] = check
    node.answers[ChangeSetting] = change
