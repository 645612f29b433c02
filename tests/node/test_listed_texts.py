"""A task's change does not read its texts anew, and what became of them on disk is told all the same."""

from __future__ import annotations

from pathlib import Path

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.views import LISTED_TEXT_CHARS, ListedTexts
from cortensor_tui.storage.local_store import LocalStore


class CountedStore(LocalStore):
    """A store that counts what is read from it."""

    reads = 0

    def read_unchecked(self, cid: str) -> bytes:
        self.reads += 1
        return super().read_unchecked(cid)


def test_a_text_is_read_once_and_cut_as_lists_show_it(tmp_path: Path) -> None:
    store = CountedStore(tmp_path)
    texts, cid = ListedTexts(store), store.put(b"x" * 2 * LISTED_TEXT_CHARS)
    expected = ("x" * LISTED_TEXT_CHARS + "…", "")
    assert [texts.text(cid) for _ in range(3)] == [expected] * 3
    assert store.reads == 1
    assert texts.text(None) == (None, "")


def test_a_text_that_is_changed_or_gone_is_told_so_at_once(tmp_path: Path) -> None:
    store = CountedStore(tmp_path)
    texts, cid = ListedTexts(store), store.put(b"Is it?")
    assert texts.text(cid) == ("Is it?", "")
    (tmp_path / cid).write_bytes(b"It is not!")
    assert "does not match its content id" in texts.text(cid)[1]
    (tmp_path / cid).unlink()
    assert "is not in the store" in texts.text(cid)[1]
    store.put(b"Is it?")
    assert texts.text(cid) == ("Is it?", "")


def test_the_texts_of_many_tasks_are_all_told_right(tmp_path: Path) -> None:
    store = CountedStore(tmp_path)
    texts = ListedTexts(store)
    cids = {store.put(str(number).encode()): str(number) for number in range(200)}
    for _ in range(2):
        assert {cid: texts.text(cid)[0] for cid in cids} == cids


def test_a_moment_in_which_nothing_can_be_read_is_over_when_it_is(tmp_path: Path) -> None:
    class TiredStore(LocalStore):
        is_tired = True

        def read_unchecked(self, cid: str) -> bytes:
            if self.is_tired:
                raise problem_error("payload_missing", "The payload cannot be read", "Too many open files")
            return super().read_unchecked(cid)

    store = TiredStore(tmp_path)
    texts, cid = ListedTexts(store), store.put(b"Is it?")
    assert "Too many open files" in texts.text(cid)[1]
    store.is_tired = False
    assert texts.text(cid) == ("Is it?", "")
