"""A settings file that exists already: what is understood of it, line by line, and taking it over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cortensor_tui.chain.signing.keystore import address_of
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.launch.keys import KeyMade, blank_key, default_keystore, key_addresses, plain_key
from cortensor_tui.launch.setup.writing import keep_key, require_absent
from cortensor_tui.settings import (
    NODE_ROLE,
    REQUIRED,
    RPC_HOST_SPECS,
    SPECS,
    Secret,
    SettingNote,
    SettingProblem,
    Settings,
    SettingsError,
)
from cortensor_tui.settings.cortensord import is_known_unused
from cortensor_tui.settings.env_edit import with_values
from cortensor_tui.settings.env_file import EnvFile, printable_key, read_env_file
from cortensor_tui.settings.key_addresses import address_problems
from cortensor_tui.settings.key_files import key_file_problems
from cortensor_tui.settings.loading import PATH_FIELDS, closest_name, settings_from
from cortensor_tui.settings.private_file import write_private_file
from cortensor_tui.settings.private_folder import make_private_folder
from cortensor_tui.settings.setup_draft import KeyTreatment, SetUp, Understood, UnderstoodLine

MOST_FILES = 12
_DEDICATED, _WATCHED = "ENABLE_DEDICATED_NODE", "CORTENSOR_TUI_WATCH_ADDRESS"
_PLACES = ("~/.cortensor", "/root/.cortensor", "/etc/cortensor", "~", ".")


def likely_files() -> tuple[Path, ...]:
    """Return settings files where cortensord and this program have them, each once."""
    found: dict[Path, None] = {}
    for place in _PLACES:
        for path in _env_files(Path(place).expanduser()):
            found.setdefault(path.resolve())
    return tuple(found)[:MOST_FILES]


def _env_files(folder: Path) -> Iterator[Path]:
    try:
        for path in sorted(folder.glob(".env*")):
            if path.is_file() and not path.name.endswith((".example", ".part")):
                yield path
    except OSError:
        return  # a folder that this user may not look into has nothing to offer


def understand(path: Path, environ: Mapping[str, str]) -> Understood:
    """Return what the node would make of each line. Raises `ProblemError` when it cannot be read."""
    path = path.expanduser().absolute()
    file = _read(path)
    problems: tuple[SettingProblem, ...] = ()
    address = None
    try:
        settings = settings_from(path, file, environ)
        values, notes = settings.values, settings.notes
        addresses = key_addresses(settings, environ)
        problems = key_file_problems(settings, environ) + address_problems(settings, addresses)
        address = addresses.get(NODE_ROLE)
    except SettingsError as error:
        problems, values, notes = error.problems, error.values, error.notes
    shown = {value.key: value.shown for value in values}
    bad = [_bad_line(one) for one in problems]
    told = {problem.key for problem in problems}
    good = [_line(key, file, shown) for key in file.entries if key not in told]
    odd = [_odd_line(note) for note in notes if note.key is None]
    lines = tuple(sorted((*bad, *good, *odd), key=lambda one: one.line or 0))
    entry = file.entries.get(NODE_ROLE.plain_key)
    return Understood(
        path=path,
        lines=lines,
        is_usable=not problems,
        has_plain_key=bool(entry and (entry.value or "").strip()),
        key_address=address,
        is_dedicated_off=any(one.is_doubtful for one in lines),
    )


def _read(path: Path) -> EnvFile:
    if not path.exists():
        raise problem_error(
            "no_file",
            f"There is no file {path}",
            "",
            "Check the path; the right arrow completes one as you type",
        )
    file = read_env_file(path)
    if file.problems and not file.entries:
        problem = file.problems[0]
        raise problem_error("settings", f"{path}: {problem.what}", "", problem.remedy or "Name another file")
    return file


def _bad_line(problem: SettingProblem) -> UnderstoodLine:
    found = "" if problem.found is None else f": {problem.found}"
    accepted = "" if problem.accepted is None else f". Accepted: {problem.accepted}"
    says = inert(f"{problem.what}{found}{accepted}", 300)
    name = printable_key(problem.key) if problem.key else None
    return UnderstoodLine(line=problem.line, name=name or "(no setting)", says=says, is_good=False)


def _odd_line(note: SettingNote) -> UnderstoodLine:
    name = "(the file)" if note.line is None else "(no setting)"
    return UnderstoodLine(line=note.line, name=name, says=inert(note.text, 300), is_good=None)


def _line(key: str, file: EnvFile, shown: Mapping[str, str]) -> UnderstoodLine:
    line, name = file.entries[key].line, printable_key(key)
    is_watching = shown.get(_WATCHED, "").startswith("0x")
    if key == _DEDICATED and shown.get(key) == "0" and not is_watching:
        says = "0: this program runs dedicated nodes only, so with 0 the node would be BLOCKED"
        return UnderstoodLine(line=line, name=key, says=says, is_good=None, is_doubtful=True)
    if key in shown:
        says, default = inert(shown[key], 300), _other_default(key, shown[key])
        return UnderstoodLine(line=line, name=key, says=says, is_good=True, default=default)
    if any(spec.key == key for spec in RPC_HOST_SPECS):
        return UnderstoodLine(line=line, name=key, says="one more endpoint, not switched on", is_good=None)
    if is_known_unused(key):
        says = "a part of cortensord that is not here; kept"
        return UnderstoodLine(line=line, name=key, says=says, is_good=None)
    near = None if name is None else closest_name(name)
    says = f"not known here; perhaps {near} was meant; kept" if near else "not known here; kept"
    return UnderstoodLine(line=line, name=name or "(no name)", says=says, is_good=None, is_known=False)


def _other_default(key: str, shown: str) -> str:
    """Return a setting's default in words, empty where the value is that or there is none to compare."""
    [spec] = [spec for spec in (*SPECS, *RPC_HOST_SPECS) if spec.key == key]
    if spec.is_secret or spec.default is REQUIRED or spec.default is None:
        return ""
    return "" if spec.default_text() == shown else spec.default_text()


def take_over(
    source: Path,
    target: Path,
    treatment: KeyTreatment,
    password: Secret,
    environ: Mapping[str, str],
    *,
    enables_dedicated: bool = False,
) -> SetUp:
    """Use a settings file from now on: copied to `target`, unless it is there already; its key encrypted.

    `enables_dedicated` writes ENABLE_DEDICATED_NODE=1. Takes a second. Raises `ProblemError`; a file that is
    copied is itself only changed to empty its key.
    """
    source, target = source.expanduser().absolute(), target.expanduser().absolute()
    is_here = source.resolve() == target.resolve()
    if not is_here:
        require_absent(target)
    settings_from(source, read_env_file(source), environ)  # no key is made for what cannot be used
    made = None if treatment is KeyTreatment.KEEP else _encrypt(source, target, password)
    # Each reads the file again and writes at once: while the key was encrypted it may have been edited.
    switch = {_DEDICATED: "1"} if enables_dedicated else {}
    if not is_here:
        _copy(source, target, _key_values(made) | switch, environ)
    elif switch:
        text = source.read_bytes().decode()
        write_private_file(target.resolve(), with_values(text, switch, target).encode(), may_replace=True)
    if made is not None and (is_here or treatment is KeyTreatment.ENCRYPT_AND_BLANK):
        blank_key(source, NODE_ROLE, made, None)
    if made is None:
        return SetUp(settings_path=target)
    return SetUp(settings_path=target, password=password, keystore=made.keystore)


def _key_values(made: KeyMade | None) -> dict[str, str]:
    if made is None:
        return {}
    return {NODE_ROLE.plain_key: "", NODE_ROLE.keystore_key: str(made.keystore)}


def _copy(source: Path, target: Path, values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Write a file as it is now to a new place, with these values."""
    settings = settings_from(source, read_env_file(source), environ)
    text = source.read_bytes().decode()
    make_private_folder(target.parent)
    changed = with_values(text, {**_absolute_paths(settings), **values}, target)
    write_private_file(target, changed.encode(), may_replace=False)


def _absolute_paths(settings: Settings) -> dict[str, str]:
    """Return the paths that are counted from the file's folder as what they are from anywhere."""
    set_here = {value.key for value in settings.values if value.line is not None}
    return {key: str(getattr(settings, field)) for key, field in PATH_FIELDS.items() if key in set_here}


def _encrypt(source: Path, target: Path, password: Secret) -> KeyMade:
    key = plain_key(source, NODE_ROLE)
    path = default_keystore(target, NODE_ROLE, address_of(key))
    keep_key(path, key, password)
    return KeyMade(role=NODE_ROLE.name, address=address_of(key), keystore=path)
