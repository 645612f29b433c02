"""The settings table as .env.example and docs/settings.md.

After a change of the table: `python -m cortensor_tui.settings.document example > .env.example` and
`python -m cortensor_tui.settings.document page > docs/settings.md`.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator

from cortensor_tui.settings.spec import REQUIRED, Group, Spec, TakesEffect
from cortensor_tui.settings.table import MAX_RPC_HOSTS, PROCESS_VARIABLES, SPECS

_WIDTH = 100
_PLACE_OF_MORE_HOSTS = "NUM_RPC_HOST"
_TAKEN_AT_ONCE = "[live](#changing-a-setting)"

_EXAMPLE_HEAD = """\
# Settings of a cortensor-tui node. Copy this file to ~/.cortensor/.env, fill in NODE_PRIVATE_KEY, and
# keep the file to yourself: chmod 600 ~/.cortensor/.env
#
# A cortensord settings file works as it is; what it has beside these is kept and ignored.
# Lines that start with "# NAME=" show the default. Check the file with: cortensor-tui config check
"""

_PAGE_HEAD = """\
# Settings

A node reads one settings file, `~/.cortensor/.env` unless `--env FILE` names another. A file written for
`cortensord` works as it is. `cortensor-tui config check` says everything that is wrong with it at once, and
`cortensor-tui config show` prints each value with where it came from, keys masked.

## How the file is read

- `KEY=value`, `KEY = "value"`, `KEY='value'` and `export KEY=value` are the same. ` # comment` may follow.
- Nothing is expanded: `$HOME` in a value stays as it is.
- A key that stands there twice: the last line counts, and a note says so.
- An unknown key is kept and ignored. A note says so, and names the known key that was probably meant. The
  value is never printed. Keys of parts of cortensord that are not here pass without a note.
- An empty value is the same as none, unless the table says otherwise.
- The file is UTF-8, at most 1 MiB. Keep it at mode 0600, since it holds a private key; a note says when it
  is not.
- The file decides the network's own keys, whatever the process environment says. For the keys that start
  with `CORTENSOR_TUI_` the process environment overrides the file; an empty variable there counts as unset.

A problem names the file, the line, the key, what was found and what is accepted. What was found is not shown
where it is a key or looks like one, and an endpoint is shown without its path, which may hold a token.
"""

_PAGE_CHANGING = """
## Changing a setting

`cortensor-tui config set NAME VALUE`, or place 7 of the dashboard, changes one line of the file and leaves
comments, order, quotes and mode as they are. The value is checked first, with all the others. A node that
runs takes those marked *live* at once; the others at its next start, or the dashboard when it is opened
next. Where a key is, is not changed this way: see [keys](keys.md).
"""

_PAGE_DEMO = """
## In the demo

`cortensor-tui demo` has settings of its own, so that nothing meant for a real node is used: no key, no
chain, no folder. What it makes goes with it, except the model that it fetches and the lists that you export,
which go to the folder where it was started. It takes these from the environment:

"""

_PAGE_TAIL = """\
## In the process environment only

These are not read from the file.

| Variable | Accepted | Meaning |
|---|---|---|
"""


def example_file() -> str:
    """Return the text of .env.example."""
    parts = [_EXAMPLE_HEAD]
    for group, specs in _groups():
        parts.append(f"\n# --- {group.value} ---\n")
        parts.extend(_example_entry(spec) for spec in specs)
    parts.append("\n# --- In the process environment only ---\n")
    parts.extend(_comment(f"{key}: {accepted}. {text}") for key, accepted, text in PROCESS_VARIABLES)
    return "".join(parts)


def settings_page() -> str:
    """Return the text of docs/settings.md."""
    parts = [_PAGE_HEAD]
    for group, specs in _groups():
        parts.append(f"\n## {group.value}\n\n| Key | Accepted | Default | Meaning |\n|---|---|---|---|\n")
        parts.extend(_page_row(spec) for spec in specs)
    parts.append(_PAGE_CHANGING)
    parts.append(_PAGE_DEMO)
    parts.extend(f"- `{spec.key}`\n" for spec in SPECS if spec.in_demo)
    parts.append("\n" + _PAGE_TAIL)
    parts.extend(f"| `{key}` | {accepted} | {text} |\n" for key, accepted, text in PROCESS_VARIABLES)
    return "".join(parts)


def _groups() -> Iterator[tuple[Group, list[Spec]]]:
    for group in Group:
        yield group, [spec for spec in SPECS if spec.group is group]


def _example_entry(spec: Spec) -> str:
    default = "Must be set" if spec.default is REQUIRED else f"Default: {spec.default_text()}"
    is_in_words = spec.default is REQUIRED or spec.default_words  # else the line with the key shows it
    text = "\n" + _comment(spec.help) + _comment(f"Accepted: {spec.kind.accepted}.")
    text += _comment(f"{default}.") if is_in_words else ""
    if spec.example:
        return text + f"{spec.key}={spec.example}\n"
    value = "" if is_in_words else spec.kind.render(spec.default)
    if value and (" " in value or "#" in value):
        value = f'"{value}"'
    more = f"# RPC_HOST_0=\n# RPC_HOST_{MAX_RPC_HOSTS - 1}=\n" if spec.key == _PLACE_OF_MORE_HOSTS else ""
    return text + f"# {spec.key}={value}\n" + more


def _page_row(spec: Spec) -> str:
    is_live = spec.takes_effect is TakesEffect.AT_ONCE
    meaning = f"{spec.help} {_TAKEN_AT_ONCE}" if is_live else spec.help
    cells = (f"`{spec.key}`", spec.kind.accepted, spec.default_text(), meaning)
    return "| " + " | ".join(cell.replace("|", r"\|").replace("*", r"\*") for cell in cells) + " |\n"


def _comment(text: str) -> str:
    lines = textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return "".join(f"# {line}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write({"example": example_file, "page": settings_page}[sys.argv[1]]())
