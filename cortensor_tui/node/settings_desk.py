"""Tells the settings and changes them: in the file, and in the running node where it can take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import structlog

from cortensor_tui.chain.networks.profiles import NetworkProfile
from cortensor_tui.domain.inert import inert
from cortensor_tui.node.settings_messages import (
    ChangeSetting,
    CheckSetting,
    GetSettings,
    SettingChanged,
    SettingChecked,
    SettingEntry,
    SettingRemark,
    SettingsReply,
    SettingsRequest,
    SettingsTold,
)
from cortensor_tui.settings import (
    RPC_HOST_SPECS,
    SPECS,
    Settings,
    SettingsError,
    SettingValue,
    SourceKind,
    Spec,
    load_settings,
)
from cortensor_tui.settings.changing import PlannedChange, plan_change, write_change
from cortensor_tui.settings.spec import FROM_PROFILE, TakesEffect

log = structlog.get_logger(__name__)

MOST_SHOWN_CHARS = 1000
FROM_NETWORK = "profile"
# What the dashboard alone reads is nothing that the node would wait with.
_NOT_FOR_A_START = (TakesEffect.AT_ONCE, TakesEffect.AT_OPENING)


class SettingsDesk:
    """One for a node. `apply` is given the settings to go on with; `profile` tells the network's numbers."""

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        apply: Callable[[Settings], None],
        profile: Callable[[], NetworkProfile],
    ) -> None:
        self._in_force = settings
        self._environ = environ
        self._apply = apply
        self._profile = profile

    def answer(self, body: SettingsRequest) -> SettingsReply:
        """Return the answer. Raises `ProblemError` for what cannot be changed."""
        match body:
            case GetSettings():
                return self._told()
            case CheckSetting():
                return _checked(plan_change(self._in_force.path, self._environ, body.name, body.value))
            case ChangeSetting():
                return self._changed(body)

    def _told(self) -> SettingsTold:
        problems: tuple[SettingRemark, ...] = ()
        try:
            file = load_settings(self._in_force.path, self._environ)
            notes = file.notes
        except SettingsError as error:  # somebody is at it, or it is gone: the node goes on with what it has
            file, notes = self._in_force, error.notes
            problems = tuple(SettingRemark(text=one.sentence(), line=one.line) for one in error.problems)
        shown = {value.key: value for value in file.values}
        entries = tuple(
            self._entry(spec, file, shown[spec.key])
            for spec in (*SPECS, *RPC_HOST_SPECS)
            if spec.key in shown
        )
        path = str(self._in_force.path.absolute())
        return SettingsTold(
            path=path,
            entries=entries,
            notes=tuple(SettingRemark(text=note.text, line=note.line) for note in notes),
            problems=problems,
        )

    def _changed(self, body: ChangeSetting) -> SettingChanged:
        planned = plan_change(self._in_force.path, self._environ, body.name, body.value)
        write_change(planned, body.fingerprint)
        spec = planned.spec
        is_applied = spec.takes_effect in _NOT_FOR_A_START
        log.info("setting written", name=spec.key, line=planned.line, is_applied=is_applied)
        if is_applied:
            self._in_force = with_setting(self._in_force, spec, planned.settings)
            self._apply(self._in_force)
        [value] = [one for one in planned.settings.values if one.key == spec.key]
        entry = self._entry(spec, planned.settings, value)
        return SettingChanged(entry=entry, is_applied=is_applied)

    def _entry(self, spec: Spec, file: Settings, value: SettingValue) -> SettingEntry:
        running = next((one for one in self._in_force.values if one.key == spec.key), None)
        is_same = self._in_force.typed.get(spec.key) == file.typed.get(spec.key) and running is not None
        shown = running or SettingValue(key=spec.key, shown="not read", source=SourceKind.DEFAULT)
        text, source = shown.shown, shown.source.value
        if spec.default_words == FROM_PROFILE and shown.source is SourceKind.DEFAULT:
            text, source = self._from_profile(spec), FROM_NETWORK
        return SettingEntry(
            key=spec.key,
            group=spec.group.value,
            help=spec.help,
            accepted=spec.kind.accepted,
            default=spec.default_text(),
            shown=text,
            source=source,
            takes_effect=spec.takes_effect.value,
            line=value.line,
            text=_editable(spec, file, value),
            shown_next=None if is_same else value.shown,
            is_default=value.source is SourceKind.DEFAULT,
            is_secret=spec.is_secret,
        )

    def _from_profile(self, spec: Spec) -> str:
        return inert(spec.kind.shown(getattr(self._profile(), spec.field)), MOST_SHOWN_CHARS)


def with_setting(settings: Settings, spec: Spec, changed: Settings) -> Settings:
    """Return settings in which one is as in others."""
    [value] = [one for one in changed.values if one.key == spec.key]
    values = tuple(value if one.key == spec.key else one for one in settings.values)
    return msgspec.structs.replace(
        settings,
        values=values,
        typed={**settings.typed, spec.key: changed.typed[spec.key]},
        **{spec.field: getattr(changed, spec.field)},
    )


def _checked(planned: PlannedChange) -> SettingChecked:
    return SettingChecked(
        key=planned.spec.key,
        takes_effect=planned.spec.takes_effect.value,
        fingerprint=planned.fingerprint,
        line=planned.line,
        line_before=planned.line_before,
        line_after=planned.line_after,
        is_change=planned.is_change,
    )


def _editable(spec: Spec, file: Settings, value: SettingValue) -> str | None:
    """Return the value as it is written, None for what is masked where it is shown."""
    if spec.is_secret or spec.takes_effect is TakesEffect.BY_KEYS:
        return None
    if value.source is SourceKind.DEFAULT:
        return ""
    written = spec.kind.render(file.typed[spec.key])
    is_masked = "…" in spec.kind.shown(file.typed[spec.key]) and "://" in written
    return None if is_masked else written
