"""What changed from one run to another with more photos, on photos that both held out."""

from collections import Counter
from pathlib import Path

from headstart.catalog.photo import Photo
from headstart.runs.growth import describe_growth
from headstart.runs.run_side import RunSide
from headstart.runs.run_tables import Answer


def make_side(rows, classes):
    """Make a side of (digest, label, split, answer)."""
    photos = {digest: Photo(f"{digest}.jpg", label, digest=digest, split=split) for digest, label, split, _ in rows}
    answers = {digest: Answer(answer, {}) for digest, *_, answer in rows}
    return RunSide(Path("runs/pets"), {"classes": classes}, None, photos, Counter(photos.keys()), answers)


def test_photos_and_answers_are_counted_by_class():
    before = [
        ("a", "cats", "test", "cats"), ("b", "cats", "test", "dogs"), ("c", "dogs", "test", "dogs"),
        ("d", "dogs", "validation", "dogs"), ("e", "dogs", "train", "dogs"), ("f", "rats", "train", "rats"),
    ]  # fmt: skip
    after = [
        ("a", "cats", "test", "owls"), ("b", "cats", "test", "cats"), ("c", "dogs", "test", "cats"),
        ("d", "dogs", "validation", "dogs"), ("e", "dogs", "train", "owls"), ("g", "owls", "test", "owls"),
    ]  # fmt: skip
    sides = make_side(before, ["cats", "dogs", "rats"]), make_side(after, ["cats", "dogs", "owls"])
    record = describe_growth(*sides, {"f"})
    assert record["run"] == "runs/pets"
    assert record["added"] == {"owls": {"train": 0, "validation": 0, "test": 1}}
    assert record["forgotten"] == {"rats": {"train": 1, "validation": 0, "test": 0}}
    assert record["left_out"] == {}
    assert describe_growth(*sides, set())["left_out"] == record["forgotten"]
    assert (record["new_classes"], record["lost_classes"]) == (["owls"], ["rats"])
    comparison = record["comparison"]
    assert (comparison["n"], comparison["n_only_before"], comparison["n_only_after"]) == (3, 2, 1)
    assert (record["n_held_out"], record["n_other"]) == (4, 3)
    assert [row["path"] for row in record["other_answers"]] == ["a.jpg", "b.jpg", "c.jpg"]
    assert record["by_class"] == [
        {"label": "cats", "n": 2, "before": 1, "after": 1, "gained": 1, "lost": 1, "to_new": 1},
        {"label": "dogs", "n": 2, "before": 2, "after": 1, "gained": 0, "lost": 1, "to_new": 0},
    ]
