"""Downloads into torch's cache, from a local server: whole, or not at all."""

from __future__ import annotations

import hashlib
import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from archspec.runs.errors import TrainingError
from archspec.training.weights import hub_cache
from archspec.training.weights.hub_cache import cached_file

DATA = bytes(range(256)) * 4096  # 1 MiB
HASH = hashlib.sha256(DATA).hexdigest()[:8]
NAME = f"tiny-{HASH}.pth"


class Server(BaseHTTPRequestHandler):
    """Answers in the way that the first folder of a path names."""

    def do_GET(self) -> None:
        kind = self.path.split("/")[1]
        if kind == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        if kind in ("whole", "other"):
            self.wfile.write(DATA if kind == "whole" else bytes(len(DATA)))
            return
        self.wfile.write(DATA[: len(DATA) // 3])
        self.wfile.flush()
        if kind == "lost":  # the peer sees a reset
            now = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
            for each in (self.rfile, self.wfile, self.connection):
                each.close()
        if kind == "silent":
            self.server.silent.wait()  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Close a connection that may be closed already."""
        if self.connection.fileno() >= 0:
            super().finish()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of this process."""
    from threading import Event

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as http:
        http.silent = Event()  # type: ignore[attr-defined]
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.silent.set()  # type: ignore[attr-defined]
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, which is not there yet."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch/hub/checkpoints"


def test_a_file_is_downloaded_once(server, cache, capsys):
    path = cached_file(f"{server}/whole/{NAME}")
    assert path == cache / NAME
    assert path.read_bytes() == DATA
    assert capsys.readouterr() == (
        "",
        f"downloading {server}/whole/{NAME} to {path}\n",
    )
    path.write_bytes(b"used as it is")  # as torch does
    assert cached_file(f"{server}/missing/{NAME}") == path
    assert [*cache.iterdir()] == [path]
    assert capsys.readouterr() == ("", "")
    assert socket.getdefaulttimeout() is None


FAILURES = {
    "missing": "(not found): check the connection, or put the file at `{path}`",
    "lost": "(connection reset by peer): check the connection",
    "silent": "(timed out): check the connection",
    "other": "is incomplete or corrupt, since its hash is not the one in the name: try again",
    "short": "is incomplete or corrupt, since its hash is not the one in the name: try again",
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failed_download_leaves_nothing(kind, server, cache, monkeypatch):
    if kind == "silent":  # the others may take their time on a busy machine
        monkeypatch.setattr(hub_cache, "TIMEOUT", 1)
    with pytest.raises(TrainingError) as caught:
        cached_file(f"{server}/{kind}/{NAME}")
    assert FAILURES[kind].format(path=cache / NAME) in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert [*cache.iterdir()] == []


def test_no_server_is_one_sentence(cache):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{NAME}"
    with pytest.raises(TrainingError) as caught:
        cached_file(url)
    assert str(caught.value) == (
        f"cannot download `{url}` (connection refused): check the connection, or put the "
        f"file at `{cache / NAME}`"
    )
    assert [*cache.iterdir()] == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The error of a full disk, as the limit of a process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_left_as_it_was(server, cache):
    with files_of_at_most(len(DATA) // 2), pytest.raises(TrainingError) as caught:
        cached_file(f"{server}/whole/{NAME}")
    assert str(caught.value) == (
        f"cannot write `{cache / NAME}` (file too large): set TORCH_HOME to use another "
        "folder"
    )
    assert [*cache.iterdir()] == []


def test_a_cache_that_is_no_folder(server, tmp_path):
    (tmp_path / "torch").write_text("a file")
    with pytest.raises(TrainingError) as caught:
        cached_file(f"{server}/whole/{NAME}")
    assert "(not a directory): set TORCH_HOME" in str(caught.value)
