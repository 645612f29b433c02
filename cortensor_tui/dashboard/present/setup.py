"""The set-up's pages as data, and what is found about them as lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem
from cortensor_tui.settings.key_rules import NODE_ROLE
from cortensor_tui.settings.setup_draft import EngineWay, Finding, KeyWay, SetUp, Step

MENU_ABOUT = "Nothing is written or started before you say so. Up and down choose, enter goes on."
NOT_HERE = Problem(
    code="not_here",
    what="Nothing can be set up from here",
    why="This dashboard shows what another program started, as the demo does",
    remedy="For a node of your own leave it (q) and start cortensor-tui: without a settings file it begins "
    "here, with one it shows its node, and 8 sets up another",
)
NO_CHOICE = Finding(
    field="network", is_good=None, text="no network is chosen yet", remedy="Enter opens the list"
)
MENU_COLUMNS = (Column("begin with", 26), Column("", 30, share=1))
DEMO, IMPORT, WATCH, STEPS = "demo", "import", "watch", "steps"
MENU = (
    Row(
        DEMO,
        (Span("Watch the demo"), Span("a chain, node and client of its own; nothing stays", "muted")),
    ),
    Row(
        IMPORT,
        (Span("Use a settings file"), Span("of cortensord or of another node, read line by line", "muted")),
    ),
    Row(
        WATCH,
        (Span("Watch an address"), Span("any node's, without a key; nothing is signed", "muted")),
    ),
    Row(
        STEPS,
        (Span("Set up a node"), Span("step by step, each field tried as you type", "muted")),
    ),
)
MARKS = {True: ("●", "good"), None: ("○", "muted"), False: ("✖", "bad")}


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    PATH = "path"
    SECRET = "secret"  # noqa: S105 - a kind of field


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a page, named as in the draft. `ways` are those of key or engine that need it."""

    name: str
    label: str
    hint: str = ""
    kind: FieldKind = FieldKind.TEXT
    ways: tuple[KeyWay | EngineWay, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One step: what it is about, and its fields."""

    title: str
    about: str
    fields: tuple[Field, ...] = ()


_NEEDS_NEW_PASSWORD = (KeyWay.NEW, KeyWay.IMPORTED)
PAGES: Final[dict[Step, Page]] = {
    Step.NETWORK: Page(
        title="Network", about="Which network the node works on. Endpoint and contracts follow from it."
    ),
    Step.ENDPOINT: Page(
        title="Endpoint",
        about="Where the chain is asked. A public endpoint works; one of your own answers faster.",
        fields=(
            Field(name="host", label="JSON-RPC", hint="address of a JSON-RPC server, http:// or https://"),
            Field(name="chain_id", label="Chain id", hint="a number"),
        ),
    ),
    Step.CONTRACTS: Page(
        title="Contracts",
        about="Where the network's contracts are. Leave empty what the network's profile knows.",
        fields=(
            Field(name="runtime", label="Runtime", hint="0x…, or empty"),
            Field(
                name="session_address",
                label="Session",
                hint="SessionV2; the Runtime or the profile tells it",
            ),
            Field(name="queue_address", label="Queue", hint="SessionQueueV2; SessionV2 is asked for it"),
        ),
    ),
    Step.ADDRESS: Page(
        title="Address",
        about="The address of the node to watch. Its sessions, tasks, transactions and balance are shown; no "
        "key is needed, and nothing is signed.",
        fields=(Field(name="watch_address", label="Address", hint="0x and 40 hex digits"),),
    ),
    Step.KEY: Page(
        title="Key",
        about="The key that answers tasks and pays for it. It is kept encrypted; nothing here shows it.",
        fields=(
            Field(
                name="private_key",
                label="Private key",
                hint="64 hex digits",
                kind=FieldKind.SECRET,
                ways=(KeyWay.IMPORTED,),
            ),
            Field(
                name="keystore",
                label="Keystore",
                hint="a keystore file of version 3",
                kind=FieldKind.PATH,
                ways=(KeyWay.EXISTING,),
            ),
            Field(name="password", label="Password", hint="8 characters at least", kind=FieldKind.SECRET),
            Field(
                name="password_again",
                label="Once more",
                kind=FieldKind.SECRET,
                ways=_NEEDS_NEW_PASSWORD,
            ),
        ),
    ),
    Step.ENGINE: Page(
        title="Engine",
        about="What runs the model. llama.cpp is part of this program, and a small model is fetched for it "
        "where none is named.",
        fields=(
            Field(
                name="engine_url",
                label="Address",
                hint="of a server that speaks OpenAI's interface",
                ways=(EngineWay.HTTP,),
            ),
            Field(
                name="engine_model",
                label="Its model",
                hint="the first that it lists",
                ways=(EngineWay.HTTP,),
            ),
            Field(
                name="engine_token_file",
                label="Token file",
                hint="a file with its access token, or empty",
                kind=FieldKind.PATH,
                ways=(EngineWay.HTTP,),
            ),
            Field(
                name="container_image",
                label="Image",
                hint="a name, or a number of the network's models",
                ways=(EngineWay.CONTAINER,),
            ),
            Field(
                name="model_path",
                label="Model",
                hint="a GGUF file, or its name in the model folder",
                kind=FieldKind.PATH,
                ways=(EngineWay.LLAMA, EngineWay.CONTAINER),
            ),
        ),
    ),
    Step.STORE: Page(
        title="Store",
        about="The folder of journal, payloads and logs. Keep it: without its journal a key does not answer.",
        fields=(Field(name="data_dir", label="Folder", hint="the usual place", kind=FieldKind.PATH),),
    ),
    Step.SUMMARY: Page(title="Summary", about="What will be written. Nothing has been, so far."),
}
PASSWORD_NOT_KEPT = (
    "The password is not kept: each start asks for it. For systemd, write it to a file and set "
    f"{NODE_ROLE.password_file_key}."
)
KEY_WAYS = (
    ("a new key, in a new keystore", KeyWay.NEW),
    ("a private key that I have, into a new keystore", KeyWay.IMPORTED),
    ("a keystore file that exists", KeyWay.EXISTING),
)


ENGINE_WAYS = (
    ("llama.cpp, in a process of the node's own", EngineWay.LLAMA),
    ("a model server that runs already", EngineWay.HTTP),
    ("a model server in a container, through Docker", EngineWay.CONTAINER),
)


def progress_line(step: Step, steps: Sequence[Step]) -> Line:
    """Return all steps of the way, the present one strong."""
    spans: list[Span] = []
    for one in steps:
        spans.append(Span(f" {PAGES[one].title}", "accent strong" if one is step else "muted"))
        spans.append(Span(" ›" if one is not steps[-1] else "", "muted"))
    return tuple(spans)


def written_lines(set_up: SetUp, width: int) -> list[Line]:
    """Return what was written, and how the node is started, which it was not."""
    told = [f"{set_up.settings_path} is written; only you can read it."]
    if set_up.keystore is not None:
        told.append(f"{set_up.keystore} keeps the key, encrypted. Nobody can restore its password.")
    lines = []
    for text in told:
        for index, piece in enumerate(wrap(inert(text, 600), width - 4)):
            lines.append((Span(" ● " if index == 0 else "   ", "good"), Span(piece)))
    rest = ("No node was started. This starts it, and shows it:", command_for(set_up.settings_path))
    return [*lines, (), *(line(("   ", "plain"), piece) for text in rest for piece in wrap(text, width - 4))]


def finding_lines(findings: Iterable[Finding], width: int) -> list[Line]:
    """Return each finding with its mark, a problem with what to do."""
    lines: list[Line] = []
    for one in findings:
        mark, role = MARKS[one.is_good]
        text = f"{one.text}. {one.remedy}" if one.remedy else one.text
        for index, piece in enumerate(wrap(inert(text, 600), width - 4)):
            lines.append((Span(f" {mark if index == 0 else ' '} ", role), Span(piece)))
    return lines


def remark_lines(text: str, width: int, *, is_warning: bool) -> list[Line]:
    """Return a sentence, in as many lines as it needs."""
    return [
        line((f" {piece}", "warn" if is_warning else "muted")) for piece in wrap(text, width - 2) if piece
    ]


def not_here_lines(width: int) -> list[Line]:
    """Return why there is no menu, and what to do instead."""
    told = (NOT_HERE.what, "strong"), (NOT_HERE.why, "plain"), (NOT_HERE.remedy, "plain")
    return [line((f" {piece}", role)) for text, role in told for piece in wrap(f"{text}.", width - 2)]


def password_lines(width: int) -> list[Line]:
    """Return that each start needs the password, and how one without a person has it."""
    return [(), *(line((f" {piece}", "muted")) for piece in wrap(PASSWORD_NOT_KEPT, width - 2))]


def file_lines(lines: Sequence[str], path: str, width: int) -> list[Line]:
    """Return the settings file that will be written."""
    shown = [line((f" {inert(path, 200)}  (mode 0600)", "strong")), ()]
    for one in lines:
        shown += [line((f"   {piece}", "plain")) for piece in wrap(inert(one, 500), width - 4)]
    return shown
