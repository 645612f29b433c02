"""How a process ended, in words: memory is blamed only where the kernel says that it ran out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.inference.llama.child_process import describe_exit, memory_kills


def test_a_kill_is_blamed_on_memory_only_where_the_kernel_killed_for_it() -> None:
    assert describe_exit(-9) == "it was killed by SIGKILL"
    assert describe_exit(-9, has_memory_run_out=True).endswith("as the kernel did when memory ran out")
    assert describe_exit(-15, has_memory_run_out=True) == "it was killed by SIGTERM"


@pytest.mark.parametrize(("text", "count"), [("pgfault 7\noom_kill 3\nx 1\n", 3), ("pgfault 7\n", None)])
def test_the_kernel_counts_what_it_kills_for_memory(tmp_path: Path, text: str, count: int | None) -> None:
    (tmp_path / "vmstat").write_text(text)
    assert memory_kills(tmp_path / "vmstat") == count
    assert memory_kills(tmp_path / "none") is None
