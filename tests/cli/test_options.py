"""Options that verbs share mean the same in each."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from headstart.cli.options import PLACE, json_option, precision_option


@click.command()
@click.argument("place", type=PLACE)
@precision_option
@json_option("As JSON.")
def verb(place, precision, as_json):
    click.echo(repr((place, precision, as_json)))


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["a b"], (Path("a b"), "auto", False)),
        (["~", "--json", "--precision", "f32"], (Path("~"), "f32", True)),
        ([" "], (Path(" "), "auto", False)),
    ],
)
def test_they_reach_the_verb(arguments, answer):
    assert CliRunner().invoke(verb, arguments).output == f"{answer!r}\n"


def test_an_empty_path_is_refused():
    answer = CliRunner().invoke(verb, [""])
    assert answer.exit_code == 2
    assert "it is empty, need a path" in answer.output
