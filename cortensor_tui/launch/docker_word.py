"""What the word `docker` of cortensord's command line means for the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from cortensor_tui.settings import load_settings

ENGINE_KEY: Final = "CORTENSOR_TUI_ENGINE"


def with_docker(
    settings_path: Path, environ: Mapping[str, str], announce: Callable[[str], None]
) -> Mapping[str, str]:
    """Return an environment that asks for the container engine, as the word does.

    Service files of the network have the word whether or not an image is named: without one nothing changes,
    and that is announced. Raises `SettingsError`.
    """
    settings = load_settings(settings_path, environ)
    if not settings.container_image:
        announce(
            f"note: docker was asked for and LLM_CONTAINER_IMAGE names no image: engine {settings.engine}"
        )
        return environ
    return {**environ, ENGINE_KEY: "container"}
