"""A CSV is read with any order and separator; all problems are in one message; a written one is read back."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.catalog.csv_file import read_csv, write_csv
from headstart.catalog.split import plan_rows
from headstart.catalog.table_columns import ColumnNames
from headstart.errors import CatalogError


@pytest.fixture
def write(tmp_path):
    def write_text(text, encoding="utf-8"):
        path = tmp_path / "photos.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write_text


def rows(found):
    return [(Path(c.file).as_posix(), c.label, c.split, c.group, c.weight) for c in found.photos]


def test_all_columns_are_read(write, tmp_path):
    found = read_csv(write("path,label,split,group,weight\na.jpg,cats,train,g1,0.5\n/b.jpg,dogs,TEST_SET,,\n"))
    assert rows(found) == [
        (f"{tmp_path.as_posix()}/a.jpg", "cats", "train", "g1", 0.5),
        ("/b.jpg", "dogs", "test", None, 1),
    ]
    assert found.labels == {"cats", "dogs"}
    assert found.root == tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "path,label\na.jpg,cats\nb.jpg,dogs\n",
        "label,path\ncats,a.jpg\ndogs,b.jpg",
        " Path , LABEL \r\n a.jpg , cats \r\nb.jpg,dogs\r\n",
        "\ufeffpath;label;digest;\na.jpg;cats;12;\nb.jpg;dogs;13;\n",
        "path\tlabel\na.jpg\tcats\n\nb.jpg\tdogs\n\t\n",
        'path,label,split\n"a.jpg","cats"\n"b.jpg",dogs,\n',
    ],
)
def test_all_dialects_give_the_same_photos(write, tmp_path, text):
    found = read_csv(write(text))
    assert [(Path(c.file).name, c.label, c.split) for c in found.photos] == [
        ("a.jpg", "cats", None),
        ("b.jpg", "dogs", None),
    ]
    assert found.plan == plan_rows(set())


def test_quoted_commas_and_other_scripts_are_read(write):
    found = read_csv(write('path,label\n"a, b.jpg",猫\n"c ""d"".jpg",cafe\u0301\n'))
    assert [(Path(c.file).name, c.label) for c in found.photos] == [("a, b.jpg", "猫"), ('c "d".jpg', "caf\u00e9")]


@pytest.mark.parametrize(
    ("splits", "named", "told"),
    [
        ("train val test", {"train", "validation", "test"}, "Read 3 rows of a CSV."),
        ("-", set(), "Read 1 row of a CSV."),
        ("train test - -", {"train", "test"}, "Read 4 rows of a CSV."),
    ],
)
def test_rows_without_a_split_are_planned(write, splits, named, told):
    cells = enumerate(splits.replace("-", "").split(" "))
    found = read_csv(write("path,label,split\n" + "".join(f"{n}.jpg,cats,{split}\n" for n, split in cells)))
    assert found.plan == plan_rows(named)
    assert list(map(str, found.notes)) == [told]


def test_all_problems_are_in_one_message(write):
    text = (
        "path,label,split,group,weight\n"
        "a.jpg,,train,,\n"
        ",cats,train,,\n"
        "b.jpg,cats,trian,,\n"
        "c.jpg,cats,train,,many\n"
        "d.jpg,cats,train,,-1\n"
        "./x/../d.jpg,cats,train,,inf\n"
        "e.jpg,cats,train,anna,1,7\n"
        "f.jpg,cats,train,anna,\n"
        "g.jpg,cats,test,anna,\n"
        "h.jpg,c\tats,test,,\n"
    )
    with pytest.raises(CatalogError, match="got 10 problems, need none") as caught:
        read_csv(write(text))
    lines = str(caught.value).splitlines()
    assert lines[1:] == [
        "  row 2 has no label",
        "  row 3 has no path",
        "  row 4 has the split 'trian', need train, validation, test or nothing",
        "  row 5 has the weight 'many', need a number from 0 to 1,000,000,000",
        "  row 6 has the weight '-1', need a number from 0 to 1,000,000,000",
        "  row 7 has the weight 'inf', need a number from 0 to 1,000,000,000",
        "  row 7 repeats the path of row 6 ('./x/../d.jpg')",
        "  row 8 has 6 cells, the header 5: quote the commas",
        "  row 11 has the label 'c\\tats', need plain text in UTF-8",
        "  group 'anna' is in train and test, need one split for it",
        "Correct it and scan it again.",
    ]


def test_the_message_lists_ten_problems_and_counts_the_others(write):
    with pytest.raises(
        CatalogError, match=r"got 1,200 problems(?s:.*)row 11 has no label\n  and 1,190 more\nCorrect"
    ) as caught:
        read_csv(write("path,label\n" + "".join(f"{n}.jpg,\n" for n in range(1200))))
    assert len(str(caught.value).splitlines()) == 13


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"got no column 'path' and no column 'label' \(its columns: \)"),
        ("cats/1.jpg,cats\na,b\n", r"no column 'path' and no column 'label' \(its columns: cats/1.jpg, cats\)"),
        ("path,split\na,train\n", "got no column 'label'"),
        ("path,label,label\na,b,c\n", "the column 'label' 2 times"),
        ("# Pets\n\nAll about pets.\n", "no column 'path'"),
        ("path,label\nx\0y.jpg,cats\n", "got a binary file, need a folder of photos or a CSV"),
        ("path,label\n" + "x" * 200_000 + ",cats\n", "got no CSV .*field larger than field limit"),
        ("path,label,weight\na,b,0\nc,d,0\n", "all weights are 0"),
        ("path,label\na.jpg,b\na.jpg,b\na.jpg,c\n", r"row 3 repeats the path of row 2 \('a.jpg'\)\n  row 4 repeats"),
    ],
)
def test_a_file_that_is_no_table_of_photos_is_refused(write, text, message):
    with pytest.raises(CatalogError, match=f"Cannot read '.*photos.csv': (?s:.*){message}"):
        read_csv(write(text))


def test_a_label_in_another_encoding_is_refused(write):
    with pytest.raises(CatalogError, match=r"row 2 has the label 'caf\u00e9', which is not .*: save .* as UTF-8"):
        read_csv(write("path,label\na.jpg,caf\u00e9\n", "latin-1"))
    with pytest.raises(CatalogError, match="row 2 has the label 'Gr\u00fc\u00dfe \u20ac', which is not in UTF-8"):
        read_csv(write("path,label\na.jpg,Gr\u00fc\u00dfe \u20ac\n", "cp1252"))


@pytest.mark.parametrize(
    "text",
    ["path\tlabel\r\na.jpg\tcaf\u00e9\r\n", "path,label\na.jpg,caf\u00e9\n", "sep=;\npath;label\na.jpg;caf\u00e9\n"],
)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
def test_what_spreadsheets_write_is_read(write, tmp_path, text, encoding):
    assert rows(read_csv(write(text, encoding))) == [(f"{tmp_path.as_posix()}/a.jpg", "caf\u00e9", None, None, 1)]


def test_a_spreadsheet_in_utf16_that_is_cut_is_refused(write):
    path = write("path,label\na.jpg,cats\n", "utf-16")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CatalogError, match=r"got no CSV .*truncated data"):
        read_csv(path)
    with pytest.raises(CatalogError, match=r"got a binary file, need a folder of photos or a CSV\. Unpack"):
        read_csv(write("path,label\na.jpg,cats\n", "utf-16-le"))  # without its mark


def test_a_row_is_counted_below_the_line_of_the_delimiter(write):
    with pytest.raises(CatalogError, match="row 4 has no label"):
        read_csv(write("sep=;\npath;label\na.jpg;cats\nb.jpg;\n"))


def test_quotes_may_follow_a_space_and_columns_a_bar(write):
    assert [c.label for c in read_csv(write('path, label\na.jpg, "cats, old"\n')).photos] == ["cats, old"]
    assert [c.label for c in read_csv(write("path|label\na.jpg|cats, old\n")).photos] == ["cats, old"]


def test_columns_with_other_names_are_read_and_told(write, tmp_path):
    found = read_csv(write("Patient_ID,File Name,CLASS,age\np1,a.jpg,cats,3\n"))
    assert rows(found) == [(f"{tmp_path.as_posix()}/a.jpg", "cats", None, "p1", 1)]
    assert list(map(str, found.notes[1:])) == [
        "Columns of the CSV: took 'File Name' as path, 'CLASS' as label, 'Patient_ID' as group.",
        "Columns of the CSV that were not used: 'age'.",
    ]


def test_the_user_may_name_the_columns(write, tmp_path):
    path = write("image,file,breed,label\n1,a.jpg,pug,dogs\n")
    found = read_csv(path, ColumnNames(path="FILE", label="breed"))
    assert rows(found) == [(f"{tmp_path.as_posix()}/a.jpg", "pug", None, None, 1)]


def test_paths_with_backslashes_are_found(make_folder, tmp_path):
    make_folder(n=3)
    (tmp_path / "photos.csv").write_text(
        "path,label\nphotos\\dots\\000.jpg,dots\n.\\photos\\stripes\\001.jpg,stripes\n"
    )
    files = [Path(photo.file) for photo in read_csv(tmp_path / "photos.csv").photos]
    assert files == [tmp_path / "photos/dots/000.jpg", tmp_path / "photos/stripes/001.jpg"]


def test_paths_may_be_relative_to_the_working_folder(make_folder, tmp_path, monkeypatch):
    make_folder(n=3)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    table = tmp_path / "lists" / "photos.csv"
    table.write_text("path,label\nphotos/dots/000.jpg,dots\nphotos/none.jpg,stripes\n")
    found = read_csv(table)
    assert [Path(photo.file) for photo in found.photos] == [
        tmp_path / "photos/dots/000.jpg",
        tmp_path / "photos/none.jpg",
    ]
    assert (found.root, found.notes[1].code) == (tmp_path, "layout")
    assert str(found.notes[1]) == f"Paths are relative to the working folder '{tmp_path}': the files are there."
    monkeypatch.chdir("/")
    assert read_csv(table).root == table.parent
    assert read_csv(table, here=tmp_path).root == tmp_path


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(CatalogError, match=r"Cannot read '.*none.csv': No such file"):
        read_csv(tmp_path / "none.csv")


def test_a_written_catalog_is_read_back(make_photo, tmp_path):
    photos = [
        make_photo("a, b.jpg", "cats", "train", digest="1", group="anna", weight=0.1 + 0.2),
        make_photo("/far/away\udce9.jpg", "猫", "test", digest="2"),
        make_photo("new\nline.jpg", "dogs", None, digest="3", group="bert"),
    ]
    write_csv(photos, tmp_path / "catalog.csv")
    found = read_csv(tmp_path / "catalog.csv")
    assert [(c.label, c.split, c.group, c.weight) for c in found.photos] == [
        (photo.label, photo.split, photo.group, photo.weight) for photo in photos
    ]
    assert [Path(c.file) for c in found.photos] == [photo.path.absolute() for photo in photos]


def test_a_file_name_may_end_in_a_space(make_photo, tmp_path):
    path = tmp_path / "1.jpg "
    path.touch()
    write_csv([make_photo(path)], tmp_path / "catalog.csv")
    assert read_csv(tmp_path / "catalog.csv").photos[0].file == str(path)


@pytest.mark.parametrize("name", ["=1+1", "-cat", "+1", "@sum", "'=1", "a;=1", "\uff1d1"])
def test_names_like_formulas_are_written_as_text_and_read_back(make_photo, tmp_path, name):
    path = tmp_path / "catalog.csv"
    photo = replace(make_photo(tmp_path / f"{name};-1.jpg"), label=name, group=name, digest="00")
    write_csv([photo], path)
    with path.open(newline="", encoding="utf-8") as file:
        cells = [part for cell in list(csv.reader(file))[1] for part in cell.split(";")]
    assert not any(cell.startswith(("=", "+", "-", "@", "\uff1d")) for cell in cells)
    (found,) = read_csv(path).photos
    assert (found.file, found.label, found.group) == (str(photo.path), name, name)


def test_columns_without_values_are_not_written(make_photo, tmp_path):
    path = tmp_path / "catalog.csv"
    write_csv([make_photo("/a", split="train")], path)
    assert path.read_text().splitlines() == ["path,label,split,digest", "/a,cats,train,digest of /a"]
    write_csv([make_photo("/a", split="train", weight=2.0), make_photo("/b", split="train", group="g")], path)
    with path.open(newline="") as file:
        assert next(csv.reader(file)) == ["path", "label", "split", "digest", "group", "weight"]


def test_a_write_error_names_the_file(make_photo, tmp_path):
    with pytest.raises(
        CatalogError, match=r"Cannot write '.*x.csv': No such file or directory. Make room there, or choose"
    ):
        write_csv([make_photo("a")], tmp_path / "none" / "x.csv")


def test_unknown_columns_give_a_note(tmp_path):
    path = tmp_path / "photos.csv"
    path.write_text("path,label,wieght,digest\na.jpg,cats,3,00\nb.jpg,dogs,1,01\n")
    assert str(read_csv(path).notes[-1]) == "Columns of the CSV that were not used: 'wieght'."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("path,label" + "," * 20_000 + "\na.jpg,x\n", "20,002 columns, at most 10,000"),
        ("path,label" + "," * 1_000_000 + "\na.jpg,x\n", "a line longer than 1,000,000 characters"),
        ("path,label\na.jpg,x" + "," * 1_000_000 + "\n", "a line longer than 1,000,000 characters"),
        ("path,label\na.jpg,x" + "," * 1_000_000, "a line longer than 1,000,000 characters"),
        ("sep=" + ";" * 2_000_000 + "\npath,label\n", "a line longer than 1,000,000 characters"),
        ("path,label\na.jpg," + "y" * 200_000 + "\n", "field larger than field limit"),
        ('path,label\na.jpg,"' + "y\n" * 200_000, "field larger than field limit"),
    ],
)
def test_lines_and_cells_that_would_fill_the_memory_are_refused(tmp_path, text, problem):
    (tmp_path / "pets.csv").write_text(text)
    with pytest.raises(CatalogError, match=rf"got no CSV \({problem}"):
        read_csv(tmp_path / "pets.csv")


def test_rows_of_a_suggestion_whose_label_is_still_empty_are_left_out(tmp_path):
    table = tmp_path / "suggested.csv"
    rows = ["a.jpg,cats,cats,typical", "b.jpg,,dogs,undecided", "c.jpg, ,,new"]
    table.write_text("\n".join(["path,label,guess,reason", *rows]))
    found = read_csv(table)
    assert [(photo.label, photo.is_suggested) for photo in found.photos] == [("cats", True)]
    notes = {note.code: note.text for note in found.notes}
    assert notes == {
        "layout": "Read 1 row of a CSV.", "unlabelled-row": "2 of 3 rows have no label yet, and were left out.",
    }  # fmt: skip
    table.write_text("\n".join(["path,label,guess,reason", *rows[1:]]))
    with pytest.raises(CatalogError, match=r"got no label in its 2 rows, need labels\. Look at the photos"):
        read_csv(table)
    table.write_text("path,label\na.jpg,cats\nb.jpg,\n")
    with pytest.raises(CatalogError, match="row 3 has no label"):
        read_csv(table)


def test_guesses_can_be_taken_as_labels(write):
    found = read_csv(write("path,label,guess,reason\na.jpg,,cats,x\n"), ColumnNames(label="guess"))
    assert [photo.label for photo in found.photos] == ["cats"]
