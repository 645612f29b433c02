"""Threads are never more than the processors this process may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cortensor_tui.inference.llama.cpus import (
    at_most_all,
    available_processors,
    cgroup_quota,
    suited_threads,
)


def test_threads_asked_for_are_capped_at_the_processors() -> None:
    processors = available_processors()
    assert 1 <= processors <= len(os.sched_getaffinity(0))
    assert at_most_all(1) == 1
    assert at_most_all(99_999) == processors
    assert [at_most_all(unsaid) for unsaid in (None, -1, 0)] == [None, None, None]


def test_prefill_gets_every_processor_and_decode_no_more() -> None:
    decode, prefill = suited_threads()
    assert prefill == available_processors()
    assert 1 <= decode <= prefill


@pytest.mark.parametrize(
    ("content", "quota"),
    [
        ("150000 100000\n", 2),
        ("200000 100000\n", 2),
        ("1000 100000\n", 1),
        ("max 100000\n", None),
        ("", None),
    ],
)
def test_a_containers_quota_is_rounded_up(tmp_path: Path, content: str, quota: int | None) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert cgroup_quota(tmp_path / "cpu.max") == quota


def test_no_cgroup_is_no_quota(tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path / "cpu.max") is None
