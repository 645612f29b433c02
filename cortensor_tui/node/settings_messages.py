"""What a client asks about the node's settings, and what the node answers. No secret is in any of it."""

from __future__ import annotations

import msgspec


class GetSettings(msgspec.Struct, frozen=True, tag="get_settings"):
    """Every setting as it is in force and as the file has it now. Answered with `SettingsTold`."""


class CheckSetting(msgspec.Struct, frozen=True, kw_only=True, tag="check_setting"):
    """What changing a setting would do; `value` None is its default. Answered with `SettingChecked`."""

    name: str
    value: str | None


class ChangeSetting(msgspec.Struct, frozen=True, kw_only=True, tag="change_setting"):
    """Write a setting to the file and apply it where that can be. Answered with `SettingChanged`.

    `fingerprint` is that of the preview; with it, a file that was changed since is left as it is.
    """

    name: str
    value: str | None
    fingerprint: str = ""


SettingsRequest = GetSettings | CheckSetting | ChangeSetting


class SettingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One setting fit to be shown. `text` is what may be edited, None where it holds what is not told.

    `source` is "file", "environment", "default" or "profile". `shown` is in force; `shown_next` is what a
    start of the node would make of the file now, None where that is the same.
    """

    key: str
    group: str
    help: str
    accepted: str
    default: str
    shown: str
    source: str
    takes_effect: str
    line: int | None = None
    text: str | None = None
    shown_next: str | None = None
    is_default: bool = True
    is_secret: bool = False


class SettingRemark(msgspec.Struct, frozen=True, kw_only=True):
    """Something odd or wrong about the file: a sentence, with the line it is about."""

    text: str
    line: int | None = None


class SettingsTold(msgspec.Struct, frozen=True, kw_only=True, tag="settings_told"):
    """All settings in the order of the table, and what is odd or wrong about the file as it is now."""

    path: str
    entries: tuple[SettingEntry, ...]
    notes: tuple[SettingRemark, ...] = ()
    problems: tuple[SettingRemark, ...] = ()


class SettingChecked(msgspec.Struct, frozen=True, kw_only=True, tag="setting_checked"):
    """The line before and after, "" where there is none, masked; nothing was written."""

    key: str
    takes_effect: str
    fingerprint: str
    line: int | None
    line_before: str
    line_after: str
    is_change: bool


class SettingChanged(msgspec.Struct, frozen=True, kw_only=True, tag="setting_changed"):
    """The setting as it is now; `is_applied` tells that the node works with it already."""

    entry: SettingEntry
    is_applied: bool


SettingsReply = SettingsTold | SettingChecked | SettingChanged
