"""``headstart audit`` as a user types it."""

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import headstart as hs
from headstart.cli.app import app
from headstart.errors import AuditError


@pytest.fixture
def photos(make_folder):
    """Painted photos with a copy of one."""
    folder = make_folder(n=8)
    (folder / "dots" / "copy-of-0.jpg").write_bytes((folder / "dots" / "000.jpg").read_bytes())
    return folder


@pytest.fixture
def audit(tmp_path, monkeypatch):
    def type_command(*arguments):
        monkeypatch.chdir(tmp_path)
        return CliRunner().invoke(app, ["audit", *map(str, arguments)])

    return type_command


@pytest.fixture
def decide(tmp_path):
    def write(*rows):
        path = tmp_path / "decisions.csv"
        path.write_text("path,digest,decision,label,new_label,kind,note\n" + "".join(f"{row}\n" for row in rows))
        return path

    return write


def read_rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_an_audit_prints_a_list_and_writes_a_folder(audit, photos, tmp_path):
    done = audit(photos, "--image-size", 96)
    assert done.exit_code == 0, done.output
    assert re.search(
        r"\d+ +Copies +dots/copy-of-0\.jpg and dots/\S+\.jpg\n +Two files have the same bytes\.", done.stdout
    )
    assert re.search(r"^Copies \(copy\) +1$", done.stdout, re.MULTILINE)
    assert "\nPage: audits/photos/audit.html\n" in done.stdout
    assert "17 photos of 2 classes: " in done.stderr
    assert sorted(path.name for path in (tmp_path / "audits" / "photos").iterdir()) == [
        "audit.html", "audit.json", "findings.csv",
    ]  # fmt: skip
    assert len(hs.scan(photos).photos) == 17


@pytest.mark.slow
def test_json_is_one_object_and_a_second_audit_gets_a_number(headstart, photos, tmp_path):
    command = ["audit", photos, "--image-size", 96, "--json"]
    record, again = (json.loads(headstart(*command, cwd=tmp_path).stdout) for _ in range(2))
    assert {"kind", "photos", "label", "suggested", "score", "evidence"} <= record["findings"][0].keys()
    assert (record["audit"], again["audit"]) == ("audits/photos", "audits/photos-2")
    assert record["counts"]["copy"] == 1
    assert {**record, "seconds": 0, "audit": ""} == {**again, "seconds": 0, "audit": ""}
    written = json.loads((tmp_path / "audits" / "photos" / "audit.json").read_text())
    assert written["findings"] == record["findings"]
    assert written["seconds"] == record["seconds"]
    replaced = json.loads(headstart(*command, "--overwrite", cwd=tmp_path).stdout)
    assert replaced["audit"] == "audits/photos"
    assert sorted(path.name for path in (tmp_path / "audits").iterdir()) == ["photos", "photos-2"]


def test_an_audit_in_the_folder_of_photos_does_not_take_its_own_folder_for_a_class(photos, monkeypatch):
    monkeypatch.chdir(photos)
    for _ in range(2):
        done = CliRunner().invoke(app, ["audit", ".", "--image-size", "96"])
        assert done.exit_code == 0, done.output
        assert "17 photos of 2 classes" in done.stderr
        assert "Classes without a usable photo" not in done.stderr


@pytest.mark.slow
def test_copies_are_left_out_by_rule(audit, photos, tmp_path):
    done = audit(photos, "--drop", "copies", "--image-size", 96, "--out", "corrected.csv")
    assert done.exit_code == 0, done.output
    assert "copy-of-0.jpg  left out (dots)\n    Copies, score 0.60: Two files have the same bytes.\n" in done.stdout
    assert len(read_rows(tmp_path / "corrected.csv")) == 16
    again = audit("corrected.csv", "--drop", "copies", "--image-size", 96)
    assert again.stdout == "Nothing to change.\n"


def test_decisions_are_applied_without_an_audit(audit, photos, decide, tmp_path):
    decisions = decide(f"{photos}/dots/001.jpg,,relabel,dots,stripes,,", f"{photos}/dots/002.jpg,,drop,,,,too dark")
    done = audit(photos, "--apply", decisions)
    assert done.exit_code == 0, done.output
    assert "dots/001.jpg  dots -> stripes\n    Decided by a person.\n" in done.stdout
    assert "16 photos; 1 with another label, 1 left out. No photo was changed.\n" in done.stdout
    assert done.stdout.endswith(
        "Corrected: audits/photos-corrected.csv\nChanges:   audits/photos-corrected-changes.csv\n"
    )
    labels = {Path(row["path"]).name: row["label"] for row in read_rows(tmp_path / "audits" / "photos-corrected.csv")}
    assert labels["001.jpg"] == "stripes"
    again = audit("audits/photos-corrected.csv", "--apply", decisions)
    assert again.stdout == "Nothing to change.\n"
    assert again.stderr == "Decisions that the photos already follow: 2.\n"
    record = json.loads(audit(photos, "--apply", decisions, "--json").stdout)
    assert (record["n_relabelled"], record["n_dropped"], len(record["changes"])) == (1, 1, 2)
    assert record["changes_file"] == "audits/photos-corrected-changes.csv"


def test_a_decision_about_one_of_two_identical_files_is_told_for_both(audit, photos, decide):
    done = audit(photos, "--apply", decide("dots/copy-of-0.jpg,,drop,,,,"))
    assert "dots/000.jpg  left out (dots)\n" in done.stdout
    assert "Decided by a person about 'dots/copy-of-0.jpg', which has the same bytes.\n" in done.stdout
    assert (
        "Photos of which no file stays, since a decision also counts for files with the same bytes: 1." in done.stderr
    )
    one = audit(photos, "--apply", decide("dots/copy-of-0.jpg,,drop,,,copy,"), "--overwrite")
    assert "16 photos; 0 with another label, 1 left out." in one.stdout
    assert "no file stays" not in one.stderr


def test_unreadable_files_that_are_not_there_are_named(audit, photos, decide):
    (photos / "dots" / "text.jpg").write_text("no photo")
    done = audit(photos, "--apply", decide("dots/text.jpg,,drop,,,,", "zz/never.jpg,,drop,,,unreadable,"))
    assert "Decisions that the photos already follow: 1.\n" in done.stderr
    assert "Unreadable files to leave out that are not there: 'zz/never.jpg'." in done.stderr


def test_without_a_change_the_file_is_not_called_corrected(audit, photos, decide):
    done = audit(photos, "--apply", decide("dots/001.jpg,,keep,,,,"), "--out", "all.csv")
    assert done.stdout.startswith("Nothing to change.\n17 photos; ")
    assert "\nCatalog:   all.csv\n" in done.stdout


def test_wrong_decisions_get_a_sentence(audit, photos, decide):
    done = audit(photos, "--apply", decide("x.jpg,,drop,,,,", f"{photos}/dots/001.jpg,,relabel,dots,dotz,,"))
    assert isinstance(done.exception, AuditError)
    assert str(done.exception).splitlines()[:-1] == [
        "Cannot apply the decisions: got 2 problems, need none:",
        "  row 2: 'x.jpg' is not among the photos, by neither its path nor its digest",
        "  row 3: the new label 'dotz' is no class of the photos",
    ]  # fmt: skip
    wanted = audit(photos, "--apply", decide(f"{photos}/dots/001.jpg,,relabel,dots,dotz,,"), "--new-classes")
    assert wanted.exit_code == 0


def test_wrong_commands_are_refused(audit, photos, tmp_path):
    assert "--new-classes needs --apply" in audit(photos, "--new-classes").stderr
    assert "got the kind 'blury'" in str(audit(photos, "--drop", "blury").exception)
    for wrong in ("yes", "1.5", "2", "200%", "nan"):
        assert f"got '{wrong}', need a score from 0.5 to 1, such as 0.95." in audit(photos, "--relabel", wrong).stderr
    for low, number in (("0.02", "0.02"), ("2%", "0.02"), ("0", "0")):
        assert f"got the score {number}, need 0.5 to 1" in audit(photos, "--relabel", low).stderr
    assert "lies inside the folder of photos" in str(audit(photos, "--out", photos / "a").exception)
    inside = audit(photos, "--apply", tmp_path / "none.csv", "--out", photos / "a.csv").exception
    assert "No such file or directory. Give the decisions.csv" in str(inside)


def test_options_of_an_audit_are_noted_if_none_is_made(audit, photos, decide):
    done = audit(photos, "--apply", decide(f"{photos}/dots/001.jpg,,drop,,,,"), "--seed", 3)
    assert "Note: The option --seed had no effect: decisions alone are applied without an audit." in done.stderr
