"""One declaration of a setting gives its schema key, flag, help, config entry and docs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from archspec import load
from archspec.cli.setting_options import add_setting_options
from archspec.frontend.schema.json_schema import train_properties
from archspec.runs.config import describe_run
from archspec.settings.declaration import (
    InvalidSettingError,
    Panel,
    Setting,
    declared_settings,
)
from archspec.settings.settings import FLAGS, SETTINGS, Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSettings(Settings):
    """The settings, and some that no run has."""

    label_noise: Annotated[
        float,
        Setting(
            "Share of wrong labels.", Panel.SPEC, above=0, below=1, examples=(0.1,)
        ),
    ] = 0.5

    patience: Annotated[
        int | None,
        Setting("Epochs to wait for a better accuracy.", Panel.SPEC, least=2),
    ] = None

    shuffle: Annotated[bool, Setting("Shuffle the images.", Panel.SPEC)] = False

    logs: Annotated[
        Path | None,
        Setting(
            "Directory of logs.", Panel.RUN, metavar="DIR", changeable_on_resume=True
        ),
    ] = None

    tags: Annotated[tuple[str, ...], Setting("Tags of the run.")] = ()


TRIALS = declared_settings(TrialSettings)


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run a command with the flags of the trial settings; return what it printed."""
    received: dict[str, object] = {}

    def command(spec: str = "", other: bool = False, **flags: Any) -> None:
        received.update(flags, spec=spec, other=other)

    add_setting_options(command, TRIALS.values(), ("patience", "other"))
    app = typer.Typer()
    app.command()(command)

    def invoke(*arguments: str) -> tuple[str, dict[str, object]]:
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
        return result.output, received

    return invoke


def test_it_is_a_key_of_the_schema() -> None:
    keys = train_properties(TRIALS.values())
    assert keys["label_noise"] == {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "expected": "a number between 0 and 1",
        "description": "Share of wrong labels.",
        "examples": [0.1],
    }
    assert keys["patience"]["minimum"] == 2
    assert keys["patience"]["expected"] == "an integer from 2 on"
    assert keys["shuffle"]["type"] == "boolean"
    assert not {"logs", "tags"} & keys.keys()


def test_a_type_that_a_spec_cannot_hold_is_no_key() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Wrong:
        logs: Annotated[str, Setting("A name.", Panel.SPEC)] = ""

    with pytest.raises(TypeError, match="`train:` cannot hold `logs`"):
        train_properties(declared_settings(Wrong).values())


def test_it_is_a_flag(run: Callable[..., Any]) -> None:
    flags = ("--label-noise", "0.1", "--shuffle", "--logs", "x", "--epochs", "3")
    output, received = run(*flags, "--tags", "a", "--tags", "b")
    assert output == ""
    given = {name: value for name, value in received.items() if value}
    assert given == {
        "label_noise": 0.1,
        "shuffle": True,
        "logs": Path("x"),
        "epochs": 3,
        "tags": ["a", "b"],
    }


def test_an_omitted_flag_is_none(run: Callable[..., Any]) -> None:
    _, received = run("--spec", "lenet")
    assert received == dict.fromkeys(TRIALS) | {"spec": "lenet", "other": False}


def test_it_has_a_help(run: Callable[..., Any]) -> None:
    output, _ = run("--help")
    lines = [" ".join(line.strip("│ ").split()) for line in output.splitlines()]
    assert "--label-noise X Share of wrong labels." in lines
    assert "--shuffle Shuffle the images." in lines
    assert "--logs DIR Directory of logs." in lines
    keys = output[output.index(Panel.SPEC) : output.index(Panel.RUN)]
    assert keys.index("--patience") < keys.index("--data") < keys.index("--label")
    assert "--patience N [x>=2] Epochs to wait for a better accuracy." in lines


def test_it_is_an_entry_of_the_configuration(tmp_path: Path) -> None:
    settings = TrialSettings(label_noise=0.25, logs=tmp_path, tags=("a", "b"))
    config = describe_run(load("lenet"), settings)
    assert [*config] == ["archspec", "name", "input", "params", *TRIALS]
    assert (config["label_noise"], config["logs"]) == (0.25, str(tmp_path))
    assert TrialSettings.from_json(config) == settings


def test_its_range_is_checked() -> None:
    with pytest.raises(InvalidSettingError) as raised:
        TrialSettings(label_noise=1.0)
    assert str(raised.value) == (
        "`--label-noise` expects a number between 0 and 1, found 1.0"
    )
    with pytest.raises(InvalidSettingError, match="from 2 on, found 1"):
        TrialSettings(patience=1)


@pytest.mark.parametrize("name", [n for n, s in SETTINGS.items() if not s.is_optional])
def test_a_configuration_with_null_is_refused(name: str) -> None:
    """Where None is no value, as in a file that was edited by hand."""
    values = Settings().to_json() | {name: None}
    with pytest.raises((InvalidSettingError, TypeError)):
        Settings.from_json(values)


def test_it_is_in_the_docs() -> None:
    spec = importlib.util.spec_from_file_location("settings", DOCS / "settings.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = script.tables(TRIALS.values())
    row = "`label_noise` | number between 0 and 1 | `0.5` | Share of wrong labels."
    assert f"| {row} |" in text
    assert "| `--logs` | path |  | Directory of logs. |" in text
    assert text.endswith("`--skip-unreadable` and `--logs`.")


def test_the_configuration_has_the_declared_settings() -> None:
    """And no other, so that this version and the next read each other's runs."""
    assert [*Settings().to_json()] == [*SETTINGS]
    assert {*FLAGS} == {*SETTINGS, "lr"}
