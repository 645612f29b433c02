"""How a process ended, in words: memory is blamed only where the kernel says that it ran out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.inference.llama.exit_words import MemoryKills, describe_exit, memory_kills


def test_a_kill_is_blamed_on_memory_only_where_the_kernel_killed_for_it() -> None:
    assert describe_exit(-9) == "it was killed by SIGKILL"
    assert describe_exit(-9, has_memory_run_out=True).endswith("as the kernel does when memory runs out")
    assert describe_exit(-15, has_memory_run_out=True) == "it was killed by SIGTERM"


@pytest.mark.parametrize(("text", "count"), [("pgfault 7\noom_kill 3\nx 1\n", 3), ("pgfault 7\n", None)])
def test_the_kernel_counts_what_it_kills_for_memory(tmp_path: Path, text: str, count: int | None) -> None:
    (tmp_path / "vmstat").write_text(text)
    assert memory_kills(tmp_path / "vmstat") == count
    assert memory_kills(tmp_path / "none") is None


def test_only_a_kill_of_the_last_moments_is_blamed_on_memory() -> None:
    killed = 3
    kills = MemoryKills(lambda: killed)
    assert not kills.are_recent
    killed = 4
    assert kills.are_recent
    kills.look()
    assert kills.are_recent, "the end may be noticed a moment later"
    kills.look()
    assert not kills.are_recent


def test_a_kernel_that_does_not_count_blames_nobody() -> None:
    assert not MemoryKills(lambda: None).are_recent
