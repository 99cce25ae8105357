"""The README's Python runs as it stands, on a few painted photos."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_its_python_runs_and_prints_what_it_says(make_folder, tmp_path, monkeypatch, capsys):
    folder = make_folder("pets")
    (folder / "dots").rename(folder / "cats")
    (folder / "stripes").rename(folder / "dogs")
    (folder / "cats" / "001.jpg").rename(folder / "cats" / "1.jpg")
    monkeypatch.chdir(tmp_path)
    use, scikit_learn = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names = {}
    exec(use, names)  # noqa: S102  it is the project's own page
    printed = capsys.readouterr().out
    promised = re.search(r"```\n(In cross-validation over all \d+ photos.*?)```", README, re.DOTALL)[1]
    pattern = re.escape(promised.strip()).replace(r"\.\.\.", ".*").replace("9.*", r"9\d*")
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL)
    exec(use, {})  # noqa: S102  a second time: the run of the first is left alone
    assert {path.name for path in Path("runs").iterdir()} == {"pets", "pets-2"}
    capsys.readouterr()
    exec(scikit_learn, names)  # noqa: S102
    assert capsys.readouterr().out.count(".") == 3


def test_its_files_exist():
    root = Path(__file__).parents[2]
    for link in re.findall(r"\]\(([^)h][^)]*)\)", README):
        name, _, anchor = link.partition("#")
        assert (root / name).exists(), link
        headings = re.findall(r"^#+ (.*)$", (root / name).read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]
