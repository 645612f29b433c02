"""From a cortensord .env to typed settings, each with where its value came from."""

from cortensor_tui.settings.env_file import MAX_FILE_BYTES, env_line, read_env_file
from cortensor_tui.settings.key_rules import NODE_ROLE, OWNER_ROLE, ROLES, KeyRole
from cortensor_tui.settings.kinds import mask_url
from cortensor_tui.settings.loading import DEFAULT_SETTINGS_PATH, load_settings
from cortensor_tui.settings.model import (
    AllSessions,
    AuthorizedSessions,
    ListedSessions,
    OwnSessions,
    SettingNote,
    SettingProblem,
    Settings,
    SettingsError,
    SettingValue,
    SourceKind,
)
from cortensor_tui.settings.parsers import NotAccepted, parse_private_key
from cortensor_tui.settings.secret import HIDDEN, Secret
from cortensor_tui.settings.spec import REQUIRED, Group, Spec
from cortensor_tui.settings.table import PROCESS_VARIABLES, RPC_HOST_SPECS, SPECS

__all__ = [
    "DEFAULT_SETTINGS_PATH",
    "HIDDEN",
    "MAX_FILE_BYTES",
    "NODE_ROLE",
    "OWNER_ROLE",
    "PROCESS_VARIABLES",
    "REQUIRED",
    "ROLES",
    "RPC_HOST_SPECS",
    "SPECS",
    "AllSessions",
    "AuthorizedSessions",
    "Group",
    "KeyRole",
    "ListedSessions",
    "NotAccepted",
    "OwnSessions",
    "Secret",
    "SettingNote",
    "SettingProblem",
    "SettingValue",
    "Settings",
    "SettingsError",
    "SourceKind",
    "Spec",
    "env_line",
    "load_settings",
    "mask_url",
    "parse_private_key",
    "read_env_file",
]
