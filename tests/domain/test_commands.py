"""Commands that a problem tells to type: they work as they stand."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.commands import command_for


def test_the_file_in_use_is_named_as_a_shell_takes_it() -> None:
    assert command_for(Path("/srv/a b/.env"), "node run") == "cortensor-tui node run --env '/srv/a b/.env'"
    assert command_for(Path("/srv/.env")) == "cortensor-tui --env /srv/.env"
    assert command_for(Path("~/.env")) == f"cortensor-tui --env {Path.home()}/.env"
    assert command_for(Path("~/.cortensor/.env")) == "cortensor-tui", "which is where it looks anyway"
    assert command_for(Path.home() / ".cortensor/.env", "node run") == "cortensor-tui node run"
    assert command_for(None, "status") == "cortensor-tui status --env FILE"
