"""Pictures and tables of how a run went."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from archspec.cli.epochs import epoch_table
from archspec.runs.curves import compare_curves, draw_curves
from archspec.runs.errors import TrainingError
from tiny_runs import epochs


def comments(path: Path) -> list[str]:
    """The texts of an SVG, which matplotlib writes as comments over their outlines."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    tree = ET.parse(path, parser)
    found = (each.text or "" for each in tree.iter(ET.Comment))  # type: ignore[arg-type]
    return [text.strip() for text in found]


@pytest.mark.parametrize("count", [1, 3, 300])
def test_curves_are_written_as_png_and_svg(count: int, tmp_path: Path) -> None:
    draw_curves(epochs([n / 300 for n in range(count)]), "tiny on digits", tmp_path)
    png = (tmp_path / "curves.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (1350, 600)
    texts = comments(tmp_path / "curves.svg")
    assert "tiny on digits" in texts
    for label in ("train", "validation", "test", "loss", "accuracy"):
        assert label in texts
    assert "1" in texts or count > 3
    assert not [text for text in texts if text.startswith("0.9") and count == 1]


def test_curves_say_which_epoch_was_best(tmp_path: Path) -> None:
    draw_curves(epochs([0.5, 0.875, 0.75]), "tiny", tmp_path)
    said = "best validation accuracy 0.8750 after epoch 2, test accuracy 0.7750"
    assert said in comments(tmp_path / "curves.svg")


def test_a_run_without_test_images_has_no_curve_of_them(tmp_path: Path) -> None:
    draw_curves(epochs([0.5, 0.75], test=False), "tiny", tmp_path)
    texts = comments(tmp_path / "curves.svg")
    assert "validation" in texts
    assert not [text for text in texts if "test" in text]


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_figures_give_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    runs = {"a": epochs([0.5, 0.75]), "b": epochs([0.25])}
    paths = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
    for path in paths:
        compare_curves(runs, path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert suffix.upper().encode() in first[:600].upper()


@pytest.mark.parametrize("count", [2, 9])
def test_a_comparison_names_each_run(count: int, tmp_path: Path) -> None:
    runs = {f"runs/tiny-{n}": epochs([0.5, n / 10]) for n in range(count)}
    compare_curves(runs, tmp_path / "c.svg")
    texts = comments(tmp_path / "c.svg")
    assert [t for t in texts if t.startswith("runs/tiny-")] == [
        f"runs/tiny-{n}: best validation accuracy {max(0.5, n / 10):.4f} after epoch "
        f"{1 + (n > 5)}, test accuracy {max(0.5, n / 10) - 0.1:.4f}"
        for n in range(count)
    ]


def test_a_disk_that_does_not_take_the_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot write"):
        compare_curves({"a": epochs([0.5])}, tmp_path / "nowhere" / "c.svg")


def test_the_table_of_a_short_run_has_every_epoch() -> None:
    assert epoch_table(epochs([0.5, 0.875, 0.75], test=False)) == [
        "---------------------------------------------------------------",
        "epoch  train loss  train acc  val loss  val acc  test acc",
        "---------------------------------------------------------------",
        "    1      2.0000     0.2500    3.0000   0.5000",
        "    2      1.0000     0.4375    1.5000   0.8750            best",
        "    3      0.6667     0.3750    1.0000   0.7500",
        "---------------------------------------------------------------",
    ]


@pytest.mark.parametrize(("count", "best"), [(12, 4), (13, 2), (300, 17), (300, 300)])
def test_the_table_of_a_long_run_has_the_first_the_best_and_the_last(
    count: int, best: int
) -> None:
    accuracies = [0.5] * count
    accuracies[best - 1] = 0.9
    rows = [line.split() for line in epoch_table(epochs(accuracies))[3:-1]]
    numbers = [int(row[0]) for row in rows]
    assert len(numbers) in (12, 13)
    assert {1, best, count} <= {*numbers}
    assert numbers == sorted(numbers)
    assert [int(row[0]) for row in rows if row[-1] == "best"] == [best]
