"""Checkpoints that others have written, and disks that do not answer."""

from __future__ import annotations

import errno
import io
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import pytest
import torch

from archspec.runs.errors import TrainingError
from archspec.training.checkpoint import (
    CorruptCheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from archspec.training.latest_checkpoint import load_latest

from .made import train_tiny

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run."""
    return train_tiny(tmp_path_factory.mktemp("trained"), epochs=1)


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(trained, tmp_path / "tiny-1")


def is_damaged(path: Path) -> bool:
    """Whether a file is refused, in the one sentence."""
    said = ""
    try:
        load_checkpoint(path)
    except CorruptCheckpointError as error:
        said = str(error)
    sentence = f"`{path}` is not a complete checkpoint of `archspec train`"
    assert said in ("", sentence)
    return bool(said)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"hello\n",
        b"PK\x03\x04",
        b"\x80\x02",
        b"a" * 1000,
        b"(lp0\n.",
        pickle.dumps([1]),
        pickle.dumps(Path),
    ],
)
def test_a_foreign_file_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "best.pt"
    path.write_bytes(data)
    assert is_damaged(path)


def test_no_file_leads_to_another_error(run: Path) -> None:
    """A few bytes of a checkpoint are others, or it is any bytes."""
    whole, random = (run / "best.pt").read_bytes(), Random(5)
    refused = 0
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(3):
            data[random.randrange(len(data))] = random.randrange(256)
        (run / "best.pt").write_bytes(data)
        refused += is_damaged(run / "best.pt")
        (run / "best.pt").write_bytes(random.randbytes(random.randint(1, 60)))
        assert is_damaged(run / "best.pt")
    assert refused > 0


def flip_a_bit(path: Path, part: str) -> None:
    """Flip a bit in the middle of a part of a checkpoint, such as its first tensor."""
    with zipfile.ZipFile(path) as archive:
        (info,) = (each for each in archive.infolist() if each.filename.endswith(part))
    data = bytearray(path.read_bytes())
    names = data[info.header_offset + 26 : info.header_offset + 30]
    lengths = [int.from_bytes(names[n : n + 2], "little") for n in (0, 2)]
    data[info.header_offset + 30 + sum(lengths) + info.file_size // 2] ^= 16
    path.write_bytes(data)


@pytest.mark.parametrize("part", ["/data/0", "/data.pkl", "/byteorder"])
def test_a_bit_that_has_flipped_is_noticed(
    part: str, run: Path, command: Command
) -> None:
    """torch itself reads a tensor with a wrong bit without a word."""
    flip_a_bit(run / "best.pt", part)
    assert is_damaged(run / "best.pt")
    code, _, err = command("evaluate", run)
    assert code == 1
    assert "`archspec train --resume" in err


def test_weights_with_a_flipped_bit_are_refused(
    run: Path, tiny: Path, command: Command
) -> None:
    flip_a_bit(run / "best.pt", "/data/0")
    code, _, err = command("train", tiny, "--weights", run / "best.pt")
    assert code == 1
    assert "best.pt` is corrupt, the checksum of `archive/data/0` in it is wrong" in err


@pytest.mark.parametrize("missing", [1, 100, 5000, 15_000])
def test_a_checkpoint_that_is_cut_off_is_refused(missing: int, run: Path) -> None:
    data = (run / "best.pt").read_bytes()
    (run / "best.pt").write_bytes(data[:-missing])
    assert is_damaged(run / "best.pt")


ROW = {"epoch": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"metrics": [ROW]},
        {"metrics": [3]},
        {"metrics": {}},
        {"metrics": 3},
        {"totals": (1.0, 2)},
        {"totals": (1.0, 2, "3")},
        {"statistics": ([0.5], ["0.1"])},
        {"step": "3"},
        {"statistics": ([1.0], [])},
        {"rng": [{}]},
        {"spec": b"archspec: 1"},
        {"classes": [1, 2]},
        {"model": {"0.weight": 1.0}},
        {"model": None},
        {"imports": {"../net.yaml": ""}},
        {"imports": {"/net.yaml": ""}},
        {"imports": {"net.yaml": 1}},
    ],
)
def test_values_that_no_run_has_written_are_refused(
    changed: dict[str, object], run: Path
) -> None:
    values = torch.load(run / "best.pt", weights_only=True)
    torch.save(values, run / "best.pt")
    assert not is_damaged(run / "best.pt")
    torch.save(values | changed, run / "best.pt")
    assert is_damaged(run / "best.pt")


def test_a_row_of_metrics_is_of_numbers(run: Path) -> None:
    values = torch.load(run / "best.pt", weights_only=True)
    values["metrics"][0]["val_accuracy"] = "high"
    torch.save(values, run / "best.pt")
    assert is_damaged(run / "best.pt")


def test_weights_of_another_network_are_refused(run: Path, command: Command) -> None:
    values = torch.load(run / "best.pt", weights_only=True)
    values["model"].popitem()
    torch.save(values, run / "best.pt")
    code, _, err = command("evaluate", run)
    assert code == 1
    assert err.startswith(
        f"error: the weights in `{run / 'best.pt'}` do not match its spec"
    )


class _FailingDisk(io.BytesIO):
    """A file of a disk that fails behind the first reads."""

    reads = 4

    def _count(self) -> None:
        self.reads -= 1
        if self.reads < 0:
            raise OSError(errno.EIO, "Input/output error")

    def read(self, size: int | None = -1) -> bytes:
        self._count()
        return super().read(size)

    def readinto(self, buffer: Any) -> int:
        self._count()
        return super().readinto(buffer)


def closed(*_: object) -> NoReturn:
    raise PermissionError(errno.EACCES, "Permission denied")


def without_memory(*_: object, **__: object) -> NoReturn:
    raise MemoryError


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("disk", "input/output error"),
        ("closed", "permission denied"),
        ("memory", "MemoryError"),
    ],
)
def test_what_cannot_be_read_is_not_set_aside(
    fault: str, said: str, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, previous = run / "last.pt", run / "previous.pt"
    shutil.copy(last, previous)
    if fault == "memory":
        monkeypatch.setattr(torch, "load", without_memory)
    elif fault == "closed":
        monkeypatch.setattr(Path, "open", closed)
    else:
        disk = _FailingDisk(last.read_bytes())
        monkeypatch.setattr(Path, "open", lambda *_: disk)
    with pytest.raises(TrainingError) as raised:
        load_latest([last, previous], lambda _: True)
    assert str(raised.value) == f"cannot read `{last}`: {said}"
    assert last.exists()
    assert not (run / "last.damaged.pt").exists()


@pytest.mark.parametrize("has_last", [True, False])
def test_each_damaged_checkpoint_is_named_and_set_aside(
    has_last: bool, run: Path, command: Command
) -> None:
    """Without `last.pt` too, as after a kill between the renamings."""
    (run / "last.pt").unlink()
    damaged = ["last.pt", "previous.pt"] if has_last else ["previous.pt"]
    for name in damaged:
        (run / name).write_text(name)
    code, _, err = command("train", "--resume", run, "--epochs", 2)
    assert code == 0
    named = [
        f"`{run / name}` is not a complete checkpoint of `archspec train`: it is now "
        f"`{run / name.replace('.', '.damaged.')}`"
        for name in damaged
    ]
    assert err == (
        f"warning: {', and '.join(named)}, and the run resumes from "
        f"`{run / 'best.pt'}`\n"
    )
    for name in damaged:
        assert (run / name.replace(".", ".damaged.")).read_text() == name
    assert len(load_checkpoint(run / "last.pt").metrics) == 2


def test_what_is_saved_is_loaded(run: Path) -> None:
    before = load_checkpoint(run / "best.pt")
    save_checkpoint(run / "again.pt", before)
    again = load_checkpoint(run / "again.pt")
    assert (again.spec, again.position) == (before.spec, before.position)
    assert before.model.keys() == again.model.keys()
