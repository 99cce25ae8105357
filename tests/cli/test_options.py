"""Shared options have the same meaning in each command."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from headstart.cli.options import DURATION, FRACTION, PATH, SHARE, SIZE_GB, json_option, precision_option


@click.command()
@click.argument("path", type=PATH)
@precision_option
@json_option("As JSON.")
def verb(path, precision, as_json):
    click.echo(repr((path, precision, as_json)))


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["a b"], (Path("a b"), "auto", False)),
        (["~", "--json", "--precision", "f32"], (Path("~"), "f32", True)),
        ([" "], (Path(" "), "auto", False)),
    ],
)
def test_options_reach_the_command(arguments, answer):
    assert CliRunner().invoke(verb, arguments).output == f"{answer!r}\n"


def test_an_empty_path_is_refused():
    answer = CliRunner().invoke(verb, [""])
    assert answer.exit_code == 2
    assert "it is empty, need a path" in answer.output


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (DURATION, "90s", 90),
        (DURATION, "10m", 600),
        (DURATION, "1.5h", 5400),
        (SIZE_GB, "500MB", 0.5),
    ],
)
def test_quantities_have_units(kind, text, number):
    assert kind.convert(text, None, None) == pytest.approx(number)


@pytest.mark.parametrize("text", ["0s", "ten", "-5m", "5 parsecs", "", "30"])
def test_an_invalid_quantity_is_refused_with_examples(text):
    with pytest.raises(
        click.BadParameter,
        match="need a number above 0 and one of the units s, m, min, h, such as 90s, 10m or 1h",
    ):
        DURATION.convert(text, None, None)


@pytest.mark.parametrize("text", ["20%", "20", " 20 % ", 20])
def test_a_share_is_a_whole_number_of_percent(text):
    assert SHARE.convert(text, None, None) == 20


@pytest.mark.parametrize("text", ["0.2", "100%", "-5%", "a fifth", "", "12.5%"])
def test_an_invalid_share_is_refused_with_an_example(text):
    with pytest.raises(
        click.BadParameter, match="is not a share, need a whole number of percent below 100, such as 20%"
    ):
        SHARE.convert(text, None, None)


@pytest.mark.slow
def test_a_table_with_other_names_of_columns_is_trained_and_evaluated(paint_folder, tmp_path, headstart):
    paint_folder(tmp_path / "photos", n=6)
    table = tmp_path / "lists" / "pets.csv"
    table.parent.mkdir()
    rows = [
        f"photos\\{path.parent.name}\\{path.name},{path.parent.name}" for path in sorted(tmp_path.glob("photos/*/*"))
    ]
    table.write_text("\n".join(["where,category", *rows]))
    shared = ["--image-size", "96"]
    refused = headstart("train", "lists/pets.csv", "--method", "fixed", *shared, cwd=tmp_path)
    assert refused.returncode == 1
    assert "got no column 'path' (its columns: where, category), need path,label" in refused.stderr
    command = ["train", "lists/pets.csv", "--method", "fixed", "--path-column", "where", *shared]
    trained = headstart(*command, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert f"Note: Paths are relative to the working folder '{tmp_path}'" in trained.stderr
    assert "Note: Columns of the CSV: took 'category' as label." in trained.stderr
    judged = headstart("evaluate", "runs/pets", "lists/pets.csv", "--path-column", "where", cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr
    assert f"Note: Paths are relative to the working folder '{tmp_path}'" in judged.stderr
    folder = headstart("evaluate", "runs/pets", "photos", "--label-column", "where", cwd=tmp_path)
    assert "got --label-column for what has no columns, need a table" in folder.stderr


@pytest.mark.parametrize(
    ("text", "share"), [("98%", 0.98), (" 99.5 % ", 0.995), ("98", 0.98), ("0.98", 0.98), ("0", 0), (0.5, 0.5)]
)
def test_a_fraction_is_a_percentage_or_a_number(text, share):
    assert FRACTION.convert(text, None, None) == pytest.approx(share)


@pytest.mark.parametrize("text", ["101", "most", "-1%", "101%", "nan", ""])
def test_what_is_no_fraction_is_refused(text):
    with pytest.raises(click.BadParameter, match="is not a share, need one such as 98%"):
        FRACTION.convert(text, None, None)
