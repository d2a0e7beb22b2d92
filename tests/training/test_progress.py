"""What a person sees while a run goes on."""

from __future__ import annotations

import re

import pytest

from archspec.training import progress
from archspec.training.metrics import Totals
from archspec.training.progress import RunProgress
from tiny_runs import epochs

RECENT = Totals(loss=50.0, correct=75, images=100)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its only element."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stdout is a terminal of 100 columns."""
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_without_a_terminal_there_are_plain_lines(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(10, 4) as shown:
        for step in (4, 8):
            clock[0] += 20
            shown.step(1, step, RECENT)
        shown.warn("a sentence")
        shown.warn("")
        shown.evaluating(1)
        shown.epoch(epochs([0.5])[0])
        shown.epoch(epochs([0.5], test=False)[0])
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "epoch 1/4  step 4/10  loss 0.500  accuracy 0.750  5 images/s",
        "epoch 1/4  step 8/10  loss 0.500  0:02:40 left  accuracy 0.750  5 images/s",
        "epoch 1/4  loss 2.000 (val 3.000)  accuracy 0.250 (val 0.500, test 0.400)  1.0 s",
        "epoch 1/4  loss 2.000 (val 3.000)  accuracy 0.250 (val 0.500)  1.0 s  lr 0.1",
    ]
    assert err == "warning: a sentence\n"


def test_the_time_left_counts_evaluations(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(10, 6, done=2) as shown:
        clock[0] += 1
        shown.step(3, 5, RECENT)
        clock[0] += 10  # half an epoch
        shown.evaluating(3)
        clock[0] += 40  # an evaluation
        shown.epoch(epochs([0.5])[0])
        clock[0] += 10
        shown.step(4, 5, RECENT)
    assert "0:02:30 left" in capsys.readouterr().out


@pytest.mark.usefixtures("_terminal")
def test_on_a_terminal_a_bar_says_how_it_goes(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(10, 4) as shown:
        for step in (4, 8):
            clock[0] += 20
            shown.step(1, step, RECENT)
        shown._bar.refresh()
        shown.evaluating(1)
        shown._bar.refresh()
        shown.warn("a sentence")
        shown.epoch(epochs([0.5])[0])
    out, err = capsys.readouterr()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out)
    figures = "loss 0.500  0:02:40 left  accuracy 0.750  5 images/s"
    assert re.search(rf"epoch 1/4 ━[━╸╺ ]+ {figures}", text)
    assert re.search(rf"epoch 1/4, evaluation ━[━╸╺ ]+ {figures}", text)
    assert "\rwarning: a sentence\n" in text
    assert "\repoch 1/4  loss 2.000 (val 3.000)" in text
    assert err == ""


@pytest.mark.usefixtures("_terminal")
@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_the_bar_is_there_at_every_width(
    columns: int,
    clock: list[float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with RunProgress(1000, 100) as shown:
        for step in (400, 800):
            clock[0] += 2000
            shown.step(99, step, RECENT)
        shown._bar.refresh()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().out)
    bar = [line for line in re.split(r"[\r\n]+", text) if "left" in line][-1]
    assert re.search("━{4}", bar)
    assert len(bar) <= columns


@pytest.mark.usefixtures("_terminal")
def test_a_quiet_one_says_nothing(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with RunProgress(10, 4, quiet=True) as shown:
        clock[0] += 1
        shown.print_line("a line")
        shown.warn("a sentence")
        shown.step(1, 4, RECENT)
        shown.evaluating(1)
        shown.epoch(epochs([0.5])[0])
    assert capsys.readouterr() == ("", "")
