"""`archspec evaluate`: how good a run is, class by class."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sklearn import datasets
from sklearn.metrics import confusion_matrix
from torch import nn

from archspec.cli.evaluate import _report
from archspec.runs.confusion_matrix import ConfusionMatrix, draw_confusion_matrix
from archspec.training.results.evaluation import Evaluation, evaluate_run

from .files import write_folder
from .made import network, train_on_folders, train_tiny

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on digits."""
    return train_tiny(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def folder_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a folder of images without `test`."""
    return train_on_folders(tmp_path_factory.mktemp("folder"))


def by_hand(run: Path, weights: str = "model") -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and labels of the test digits: every fifth of each class."""
    model, checkpoint = network(run, weights)
    digits = datasets.load_digits()
    chosen = sorted(
        i for n in range(10) for i in (digits.target == n).nonzero()[0][::5]
    )
    images = torch.from_numpy(digits.images[chosen]).float()[:, None] * (255 / 16)
    ((mean,), (std,)) = checkpoint["statistics"]
    with torch.no_grad():
        logits = model((images.round() / 255 - mean) / std)
    return logits, torch.from_numpy(digits.target[chosen])


def test_the_confusion_matrix_is_that_of_scikit_learn(
    run: Path, command: Command
) -> None:
    code, out, err = command("evaluate", run, "--format", "json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    logits, labels = by_hand(run)
    expected = confusion_matrix(labels, logits.argmax(1))
    assert found["confusion"] == expected.tolist()
    assert (found["part"], found["images"]) == ("test", 364)
    assert found["correct"] == expected.trace()
    assert found["accuracy"] == expected.trace() / 364
    loss = nn.functional.cross_entropy(logits, labels).item()
    assert found["loss"] == pytest.approx(loss, rel=1e-5)
    for label, row in enumerate(found["classes"]):
        assert row == {
            "name": str(label),
            "images": expected[label].sum(),
            "correct": expected[label, label],
            "accuracy": expected[label, label] / expected[label].sum(),
        }


def test_the_first_line_says_how_good_the_run_is(run: Path, command: Command) -> None:
    found = evaluate_run(run)
    code, out, err = command("evaluate", run)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    hits = found.confusion.correct
    assert lines[0] == (
        f"test accuracy {hits / 364:.4f} ({hits} of 364), loss {found.loss:.4f}"
    )
    assert [line.split()[:2] for line in lines[5:15]] == [
        [str(label), str(sum(row))] for label, row in enumerate(found.confusion.counts)
    ]
    matrix = [line.split() for line in lines[-11:-1]]
    assert matrix == [
        [str(label), *(str(n) if n else "." for n in row)]
        for label, row in enumerate(found.confusion.counts)
    ]


def test_the_test_accuracy_of_the_run_is_the_one_that_evaluate_finds(run: Path) -> None:
    rows = [json.loads(x) for x in (run / "metrics.jsonl").read_text().splitlines()]
    best = max(rows, key=lambda row: row["val_accuracy"])
    found = evaluate_run(run)
    assert found.confusion.accuracy == best["test_accuracy"]
    assert found.loss == pytest.approx(best["test_loss"], rel=1e-6)


def test_the_averaged_weights_are_measured(tmp_path: Path) -> None:
    run = train_tiny(tmp_path, ema=0.9)
    found = evaluate_run(run).confusion.counts
    logits, labels = by_hand(run, "ema")
    assert found == confusion_matrix(labels, logits.argmax(1)).tolist()
    assert not torch.equal(logits, by_hand(run)[0])


def test_the_precision_is_that_of_the_run(run: Path, tmp_path: Path) -> None:
    half = shutil.copytree(run, tmp_path / "half")
    checkpoint = torch.load(half / "best.pt", weights_only=True)
    checkpoint["config"]["precision"] = "bf16"
    torch.save(checkpoint, half / "best.pt")
    assert evaluate_run(half).loss != evaluate_run(run).loss
    assert evaluate_run(half).loss == pytest.approx(evaluate_run(run).loss, rel=0.05)


def test_validation_images_stand_in_where_there_are_no_others(
    folder_run: Path, command: Command
) -> None:
    code, out, err = command("evaluate", folder_run)
    assert (code, err) == (0, "")
    first, second, *_ = out.splitlines()
    assert first.startswith("validation accuracy ")
    assert " of 8), loss " in first
    assert (
        second
        == "validation images, without a test set: they chose the best epoch, so the accuracy is optimistic"
    )
    rows = (folder_run / "metrics.jsonl").read_text().splitlines()
    best = max(json.loads(row)["val_accuracy"] for row in rows)
    assert evaluate_run(folder_run).confusion.accuracy == best


def test_images_of_other_classes_are_refused(
    folder_run: Path, tmp_path: Path, command: Command
) -> None:
    for split in ("train", "val"):
        write_folder(tmp_path / "others", split, ("dark", "red"), 4)
    code, _, err = command("evaluate", folder_run, "--data-root", "others")
    assert code == 1
    assert err.startswith("error: the classes under `others` are not those of ")


def test_the_confusions_are_drawn(run: Path, command: Command) -> None:
    code, out, _ = command("evaluate", run, "-o", "confusion.svg")
    assert code == 0
    assert out.startswith("test accuracy")
    picture = Path("confusion.svg").read_text()
    assert f"<!-- {run}: {out.splitlines()[0].split(' (')[0]} -->" in picture


def test_a_picture_without_a_known_suffix_is_wrong_usage(
    run: Path, command: Command
) -> None:
    code, out, err = command("evaluate", run, "-o", "confusion.txt")
    assert (code, out) == (2, "")
    assert err.startswith("error: `confusion.txt` should end in one of")


def confusion(
    names: list[str], mistakes: dict[tuple[int, int], int]
) -> ConfusionMatrix:
    """Ten hits for each class, and some mistakes."""
    counts = [[10 * (i == j) for j in range(len(names))] for i in range(len(names))]
    for (label, other), images in mistakes.items():
        counts[label][other] = images
    return ConfusionMatrix((*names,), counts)


def test_a_class_says_what_it_is_most_often_taken_for() -> None:
    found = confusion(["cat", "dog", "ant"], {(0, 1): 3, (0, 2): 1, (1, 0): 10})
    found.counts[2][2] = 0
    lines = _report(Evaluation("test", 0.25, found))
    assert lines[0] == "test accuracy 0.5882 (20 of 34), loss 0.2500"
    assert lines[5:8] == [
        "cat        14    0.7143  dog (3)",
        "dog        20    0.5000  cat (10)",
        "ant         0",
    ]


def test_long_names_head_no_columns() -> None:
    names = ["Ankle boot", "Bag", *(f"n{number}" for number in range(9))]
    lines = _report(Evaluation("test", 0.25, confusion(names, {(0, 10): 4})))
    assert lines[-14].split() == ["class", *map(str, range(11))]
    assert lines[-12].split() == ["0", "Ankle", "boot", "10", *"." * 9, "4"]
    assert lines[-2].startswith("10  n8 ")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("name", ["{}", "a class with a long name {}"])
@pytest.mark.parametrize("number", [2, 10, 20, 30])
def test_a_report_fits_the_terminal(number, name, width, monkeypatch) -> None:
    """A matrix that is too wide becomes a table of pairs."""
    monkeypatch.setenv("COLUMNS", str(width))
    classes = tuple(name.format(label) for label in range(number))
    counts = [
        [1234 if row == column else 7 * row for column in range(number)]
        for row in range(number)
    ]
    lines = _report(Evaluation("test", 0.5, ConfusionMatrix(classes, counts)))
    assert max(map(len, lines)) <= width
    has_matrix = any("by predicted class (columns)" in line for line in lines)
    if number in {2, 30}:
        assert has_matrix == (number == 2)


def test_many_classes_show_the_pairs_that_are_confused_most(tmp_path: Path) -> None:
    mistakes = {(n, n + 1): n + 1 for n in range(40)}
    found = confusion([f"c{number}" for number in range(50)], mistakes)
    lines = _report(Evaluation("test", 0.25, found))
    pairs = [line.split() for line in lines[-21:-1]]
    assert pairs == [
        [f"c{n}", f"c{n + 1}", str(n + 1), f"{(n + 1) / (n + 11):.4f}"]
        for n in range(39, 19, -1)
    ]
    draw_confusion_matrix(found, "many", tmp_path / "many.png")
    assert (tmp_path / "many.png").read_bytes().startswith(b"\x89PNG")
