"""A model from a web address: whole and right, or not there; what broke off goes on where it stopped."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.models import url_download
from cortensor_tui.inference.models.url_download import ModelSource, fetch_from_url

from .gguf_files import small_gguf

CONTENT = small_gguf()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Shelf:
    """What the server does with the next request, and which ranges were asked for."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.most_sent: int | None = None
        self.takes_ranges = True
        self.status = 200
        self.location = ""
        self.tells_length = True
        self.ranges: list[str | None] = []
        self.url = ""


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    shelf = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            shelf.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and shelf.takes_ranges else 0
            if start >= len(shelf.content) and asked and shelf.takes_ranges:
                self.send_response(416)
                self.end_headers()
                return
            self.send_response(206 if start else shelf.status)
            if shelf.location:
                self.send_header("Location", shelf.location)
            if start:
                end = len(shelf.content)
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
            if shelf.tells_length:
                self.send_header("Content-Length", str(len(shelf.content) - start))
            self.end_headers()
            self.wfile.write(shelf.content[start : shelf.most_sent])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    shelf.url = f"http://127.0.0.1:{server.server_port}/models/small.gguf"
    yield shelf
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(shelf: Shelf, folder: Path, sha256: str = SHA256, most_bytes: int = 2**30) -> Path:
    source = ModelSource(url=shelf.url, sha256=sha256, most_bytes=most_bytes)
    return fetch_from_url(source, folder, lambda done, total: None)


def refused(shelf: Shelf, folder: Path, sha256: str = SHA256, most_bytes: int = 2**30) -> str:
    with pytest.raises(ProblemError) as caught:
        fetch(shelf, folder, sha256, most_bytes)
    assert caught.value.problem.remedy
    assert not (folder / "small.gguf").exists()
    return caught.value.problem.code


def test_a_file_comes_whole_and_the_second_time_from_the_folder(shelf: Shelf, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    source = ModelSource(url=shelf.url, sha256=SHA256, most_bytes=2**30)
    path = fetch_from_url(source, tmp_path / "new", lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert (told[0], told[-1]) == ((0, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert fetch(shelf, tmp_path / "new") == path
    assert shelf.ranges == [None]


def test_what_broke_off_goes_on_where_it_stopped(shelf: Shelf, tmp_path: Path) -> None:
    shelf.most_sent = 100
    assert refused(shelf, tmp_path) == "model_fetch_failed"
    shelf.most_sent = None
    assert fetch(shelf, tmp_path).read_bytes() == CONTENT
    assert shelf.ranges == [None, "bytes=100-"]


def test_a_server_that_knows_no_ranges_sends_all_of_it_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.most_sent, shelf.takes_ranges = 100, False
    refused(shelf, tmp_path)
    shelf.most_sent = None
    assert fetch(shelf, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / f".{SHA256[:16]}.part").write_bytes(CONTENT)
    assert fetch(shelf, tmp_path).read_bytes() == CONTENT
    assert shelf.ranges == [f"bytes={len(CONTENT)}-"]


def test_other_bytes_than_asked_for_are_thrown_away(shelf: Shelf, tmp_path: Path) -> None:
    assert refused(shelf, tmp_path, "0" * 64) == "model_digest_differs"
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_model_is_thrown_away(shelf: Shelf, tmp_path: Path) -> None:
    shelf.content = b"<html>sign in first</html>"
    assert refused(shelf, tmp_path, hashlib.sha256(shelf.content).hexdigest()) == "model_foreign"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_became_the_model_meanwhile_is_not_emptied(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial, model = tmp_path / f".{SHA256[:16]}.part", tmp_path / "taken.gguf"
    partial.write_bytes(CONTENT)
    shelf.takes_ranges = False
    lock = fcntl.flock

    def lock_late(file: object, how: int) -> None:
        partial.replace(model)  # the other one is through with it just now
        lock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", lock_late)
    assert refused(shelf, tmp_path) == "model_fetch_failed"
    assert model.read_bytes() == CONTENT


@pytest.mark.parametrize("tells_length", [True, False])
def test_more_than_was_allowed_is_not_taken(shelf: Shelf, tmp_path: Path, tells_length: bool) -> None:
    shelf.tells_length = tells_length
    assert refused(shelf, tmp_path, most_bytes=100) == "model_too_large"


def test_a_length_that_is_not_told_is_no_fault(shelf: Shelf, tmp_path: Path) -> None:
    shelf.tells_length = False
    assert fetch(shelf, tmp_path).read_bytes() == CONTENT


def test_a_disk_that_fills_meanwhile_is_left_some_room(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.tells_length = False
    free = shutil.disk_usage(tmp_path)._replace(free=2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free)
    assert refused(shelf, tmp_path) == "disk_full"


def test_nobody_else_writes_to_a_file_until_it_is_taken(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(path: Path) -> None:
        monkeypatch.undo()
        with pytest.raises(ProblemError) as caught:
            fetch(shelf, tmp_path)
        checked.append(caught.value.problem.what)

    monkeypatch.setattr(url_download, "check_gguf", check)
    assert fetch(shelf, tmp_path).read_bytes() == CONTENT
    assert checked == ["This model is being fetched already"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/small.gguf", "http://[broken"])
def test_a_redirect_leads_to_the_web_alone(shelf: Shelf, tmp_path: Path, location: str) -> None:
    shelf.status, shelf.location = 302, location
    assert refused(shelf, tmp_path) == "model_fetch_failed"


def test_an_error_of_the_server_is_told_without_the_addresss_token(shelf: Shelf, tmp_path: Path) -> None:
    shelf.status = 404
    shelf.url = shelf.url.replace("/models/", "/secret-token/")
    with pytest.raises(ProblemError, match="404") as caught:
        fetch(shelf, tmp_path)
    assert "secret-token" not in caught.value.problem.sentence()


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    source = ModelSource(url="http://127.0.0.1:1/a.gguf", sha256=SHA256, most_bytes=1)
    with pytest.raises(ProblemError, match="refused"):
        fetch_from_url(source, tmp_path, lambda done, total: None)


@pytest.mark.parametrize("end", ["", "a.bin", "..%2f..%2fa.gguf", ".gguf", "a%00.gguf", "-rf.gguf"])
def test_an_address_must_end_in_the_plain_name_of_a_model(tmp_path: Path, end: str) -> None:
    source = ModelSource(url=f"http://127.0.0.1:1/{end}", sha256=SHA256, most_bytes=1)
    with pytest.raises(ProblemError, match=r"does not end in the name"):
        fetch_from_url(source, tmp_path, lambda done, total: None)


def test_what_is_no_address_is_told(tmp_path: Path) -> None:
    source = ModelSource(url="http://[broken/a.gguf", sha256=SHA256, most_bytes=1)
    with pytest.raises(ProblemError, match=r"does not end in the name"):
        fetch_from_url(source, tmp_path, lambda done, total: None)


def test_another_file_of_that_name_is_left_as_it_is(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(b"mine")
    with pytest.raises(ProblemError, match="another file"):
        fetch(shelf, tmp_path)
    assert (tmp_path / "small.gguf").read_bytes() == b"mine"


def remedy_of(shelf: Shelf, folder: Path) -> str:
    with pytest.raises(ProblemError) as caught:
        fetch(shelf, folder)
    return caught.value.problem.remedy


def test_only_what_has_begun_is_said_to_go_on(shelf: Shelf, tmp_path: Path, unused_tcp_port: int) -> None:
    shelf.status = 404
    assert "Check the address" in remedy_of(shelf, tmp_path)
    shelf.status = 503
    assert "then run it again" in remedy_of(shelf, tmp_path)
    shelf.status, shelf.most_sent = 200, 100
    assert "goes on where it stopped" in remedy_of(shelf, tmp_path)
    shelf.url = f"http://127.0.0.1:{unused_tcp_port}/small.gguf"
    assert "goes on where it stopped" in remedy_of(shelf, tmp_path)
    with pytest.raises(ProblemError, match=r"\. Connection refused\. Check the address"):
        fetch(shelf, tmp_path / "new")


def test_a_file_of_that_name_which_is_no_model_is_not_offered_for_use(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_text("a note")
    assert "use it" not in remedy_of(shelf, tmp_path)
    (tmp_path / "small.gguf").write_bytes(CONTENT + b"more")
    assert "use it as it is" in remedy_of(shelf, tmp_path)
