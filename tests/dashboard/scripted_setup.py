"""A set-up that finds what it is told to, and keeps what it was asked to write."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.settings import Secret
from cortensor_tui.settings.setup_draft import (
    EngineWay,
    Finding,
    KeyTreatment,
    NetworkChoice,
    SetUp,
    SetupDraft,
    Step,
    Understood,
    UnderstoodLine,
    env_values,
    shown_lines,
)

TARGET = Path("/home/op/.cortensor/.env")
KEY_ADDRESS = "0x" + "Ab" * 20
OLD = Path("/home/op/old/.env")


class ScriptedSetup:
    """Every field is good that is filled in; `refusal` is raised where something would be written."""

    def __init__(self) -> None:
        self.settings_path = TARGET
        self.probed: list[tuple[Step, SetupDraft]] = []
        self.written: list[SetupDraft] = []
        self.taken_over: list[tuple[Path, KeyTreatment, str]] = []
        self.refusal: ProblemError | None = None
        self.has_plain_key = True
        self.bad_line: UnderstoodLine | None = None
        self.more_lines: tuple[UnderstoodLine, ...] = ()
        self.enabled_dedicated: bool | None = None
        self.may_write = asyncio.Event()
        """Cleared, writing takes until it is set."""
        self.may_write.set()

    def networks(self) -> tuple[NetworkChoice, ...]:
        return (
            NetworkChoice(
                name="testnet-0", title="Testnet-0", chain_id=421614, host="https://arb.example/v2/tok"
            ),
            NetworkChoice(name="local", title="local devnet", chain_id=31337, host="http://127.0.0.1:8545"),
        )

    def likely_files(self) -> tuple[Path, ...]:
        return (OLD,)

    async def probe(self, step: Step, draft: SetupDraft) -> tuple[Finding, ...]:
        self.probed.append((step, draft))
        match step:
            case Step.ENDPOINT if not draft.host.startswith("http"):
                return (Finding(field="host", is_good=False, text="it is no address", remedy="Give another"),)
            case Step.ENDPOINT:
                return (Finding(field="host", is_good=True, text="answers in 12 ms: Testnet-0"),)
            case Step.ADDRESS if len(draft.watch_address) != 42:
                return (
                    Finding(field="watch_address", is_good=False, text="it is none", remedy="Copy it whole"),
                )
            case Step.ADDRESS:
                return (Finding(field="watch_address", is_good=True, text="bound to session 7"),)
            case Step.KEY if draft.password.reveal() != draft.password_again.reveal():
                return (Finding(field="password", is_good=False, text="the two passwords differ"),)
            case Step.KEY:
                return (Finding(field="password", is_good=True, text="good; keep it"),)
            case Step.ENGINE if draft.engine_way is EngineWay.HTTP:
                if not draft.engine_url:
                    text = "the server's address is still to be given"
                    return (Finding(field="engine_url", is_good=False, text=text, remedy="Give one"),)
                found = f"llama-server b1234 at {draft.engine_url}", "Told-1B: first token after 12 ms"
                return tuple(Finding(field="engine_url", is_good=True, text=text) for text in found)
            case Step.ENGINE:
                return (Finding(field="model_path", is_good=None, text="the small default model is fetched"),)
            case _:
                return ()

    def summary(self, draft: SetupDraft) -> tuple[str, ...]:
        keystore = None if draft.is_watching else Path("/home/op/.cortensor/keystore/node.json")
        return shown_lines(env_values(draft, keystore))

    async def write(self, draft: SetupDraft) -> SetUp:
        await self.may_write.wait()
        if self.refusal is not None:
            raise self.refusal
        self.written.append(draft)
        return SetUp(settings_path=TARGET, password=draft.password)

    async def understand(self, path: Path) -> Understood:
        if path != OLD:
            raise problem_error("settings", f"{path}: there is no such file")
        lines = (
            UnderstoodLine(line=1, name="HOST", says="https://arb.example/…", is_good=True),
            UnderstoodLine(line=2, name="NODE_PRIVATE_KEY", says="(hidden)", is_good=True),
            UnderstoodLine(line=3, name="ROUTER_X", says="not here; kept", is_good=None),
            *self.more_lines,
        )
        return Understood(
            path=path,
            lines=lines if self.bad_line is None else (*lines, self.bad_line),
            is_usable=self.bad_line is None,
            has_plain_key=self.has_plain_key,
            key_address=KEY_ADDRESS if self.bad_line is None else None,
            is_dedicated_off=any(one.is_doubtful for one in lines),
        )

    async def take_over(
        self, source: Path, treatment: KeyTreatment, password: Secret, *, enables_dedicated: bool
    ) -> SetUp:
        await self.may_write.wait()
        if self.refusal is not None:
            raise self.refusal
        self.enabled_dedicated = enables_dedicated
        self.taken_over.append((source, treatment, password.reveal()))
        return SetUp(settings_path=TARGET, password=password)
