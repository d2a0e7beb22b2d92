"""Files of published weights, in the cache of `torch.hub`."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from torch import hub

from archspec.runs.atomic_files import TEMPORARY
from archspec.runs.errors import TrainingError, short_message
from archspec.runs.torch_error_wordings import is_wrong_hash

TIMEOUT = 60  # seconds without a byte


def cached_file(url: str) -> Path:
    """The file of a URL in the cache, downloaded if it is not there.

    The hash in the name of a file is verified when it is downloaded.

    Raises:
        TrainingError: if the file cannot be downloaded; the cache stays as it was.
    """
    name = Path(urlsplit(url).path).name
    path = Path(hub.get_dir(), "checkpoints", name)
    if not path.exists():
        _download(url, path)
    return path


def _download(url: str, path: Path) -> None:
    found = hub.HASH_REGEX.search(path.name)
    print(f"downloading {url} to {path}", file=sys.stderr)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The one of torch leaves its temporary file behind when the disk is full.
        with (
            _timeout(),
            TemporaryDirectory(dir=path.parent, prefix=".", suffix=TEMPORARY) as folder,
        ):
            file = Path(folder) / path.name
            hub.download_url_to_file(
                url, str(file), found and found[1], progress=sys.stderr.isatty()
            )
            os.replace(file, path)  # noqa: PTH105  # documented to be atomic
    except (URLError, ConnectionError, TimeoutError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(error, HTTPError):
            error.close()  # it is the response, too
        raise TrainingError(
            f"cannot download `{url}` ({short_message(reason)}): check the connection, or "
            f"put the file at `{path}`"
        ) from error
    except OSError as error:
        raise TrainingError(
            f"cannot write `{path}` ({short_message(error)}): set TORCH_HOME to use another "
            "folder"
        ) from error
    except RuntimeError as error:
        if not is_wrong_hash(error):
            raise
        raise TrainingError(
            f"the download of `{url}` is incomplete or corrupt, since its hash is not the "
            "one in the name: try again"
        ) from error


@contextmanager
def _timeout() -> Iterator[None]:
    """Let a connection fail that sends nothing, which torch would wait for."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
