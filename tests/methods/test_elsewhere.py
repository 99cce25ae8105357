"""Photos of groups never seen are judged by heads that were fitted without their group."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.catalog.catalog import Catalog
from headstart.catalog.photo import Photo
from headstart.evaluation.group_measures import MIN_PHOTOS
from headstart.features.near_copies import CopyPair
from headstart.head.linear import LinearHead
from headstart.methods.elsewhere import judge_elsewhere, note_elsewhere
from headstart.methods.feature_table import FeatureTable, SplitFeatures
from headstart.methods.head_fitting import FittedHead
from headstart.methods.settings import Settings
from headstart.methods.trained_method import TrainedMethod

D = 40


@pytest.fixture
def make_trained():
    """Make a trained method whose groups each have a common class, which their features tell beside a weak signal."""

    def make(sizes, *, strength=1.0, seed=0, copies=(), labels=None, is_split_by_group=True, n_plain=0):
        generator = np.random.default_rng(seed)
        rows = []
        for number, size in enumerate([*sizes, n_plain]):
            common, look = generator.integers(2), generator.normal(size=D)
            for _ in range(size):
                y = common if generator.random() < 0.9 else 1 - common
                y = y if labels is None else labels[number]
                x = 2 * look + generator.normal(size=D)
                x[0] += 1.0 * (2 * y - 1)
                rows.append((x, y, f"g{number:03}" if number < len(sizes) else None))
        originals = {other: one for one, other in copies}
        for one, other in copies:
            rows[other] = (rows[one][0], rows[one][1], rows[other][2])
        X, y = np.array([row[0] for row in rows], np.float32), np.array([row[1] for row in rows])
        splits = np.array(["train"] * 6 + ["validation", "test"])
        photos = [
            Photo(
                f"{n}.jpg", "ab"[y[n]], digest=f"{originals.get(n, n):064x}", group=group,
                split=str(splits[(int(group[1:]) if is_split_by_group and group else n) % 8]),
            )
            for n, (_, _, group) in enumerate(rows)
        ]  # fmt: skip
        parts = {}
        for split in ("train", "validation", "test"):
            at = [n for n, photo in enumerate(photos) if photo.split == split]
            parts[split] = SplitFeatures(tuple(photos[n] for n in at), X[at], y[at], X[at][None])
        table = FeatureTable(
            catalog=Catalog(tuple(photos), group_kind="camera"), splits=parts, n_averaged=1, image_size=224,
            precision="f32", n_extracted=len(y), n_cached=0,
        )  # fmt: skip
        head = LinearHead(np.zeros((D, 2), np.float32), np.zeros(2, np.float32))
        fitted = FittedHead(head=head, history=(), strength=strength, class_weight=None)
        return TrainedMethod(
            settings=Settings(method="fixed"), cut="head", backbone=load_backbone(), table=table, fitted=fitted
        )

    return make


def test_the_accuracy_on_new_groups_is_lower_where_the_features_tell_the_group(make_trained):
    record = judge_elsewhere(make_trained([40] * 8))
    assert (record["group_kind"], record["n_groups"], record["reason"]) == ("camera", 8, "")
    assert record["same"]["n"] == record["new"]["n"] == 320
    assert record["same"]["accuracy"] > record["new"]["accuracy"] + 0.1
    low, high = record["new"]["accuracy_ci95"]
    assert low < record["new"]["accuracy"] < high
    assert high - low > 0.1  # eight groups are few, however many photos they have
    assert record["worst"] == record["by_group"][0]
    accuracies = [row["accuracy"] for row in record["by_group"]]
    assert accuracies == sorted(accuracies)
    assert np.average(accuracies) == pytest.approx(record["new"]["accuracy"])
    assert note_elsewhere(record) == []


def test_many_groups_are_left_out_in_folds(make_trained):
    record = judge_elsewhere(make_trained([MIN_PHOTOS] * 30 + [MIN_PHOTOS - 1]))
    assert record["n_groups"] == 31
    assert record["new"]["n"] == 31 * MIN_PHOTOS - 1
    assert len(record["by_group"]) == 30  # a group of a few photos has no accuracy of its own
    assert record["same"]["accuracy"] > record["new"]["accuracy"]


def test_the_split_is_told_to_keep_groups_apart_or_not(make_trained):
    apart = judge_elsewhere(make_trained([20] * 8))
    assert (apart["n_seen"], apart["n_unseen"], apart["n_without"]) == (0, 20, 0)
    assert (apart["n_evaluated_groups"], apart["n_left_out"]) == (1, 0)
    mixed = judge_elsewhere(make_trained([20] * 8, is_split_by_group=False))
    assert (mixed["n_seen"], mixed["n_unseen"], mixed["n_without"]) == (20, 0, 0)


def test_photos_without_a_group_are_fitted_to_and_not_judged(make_trained):
    record = judge_elsewhere(make_trained([40] * 4, n_plain=80))
    assert record["new"]["n"] == 160
    assert record["n_without"] > 0


def test_copies_in_two_groups_are_not_judged(make_trained):
    record = judge_elsewhere(make_trained([40] * 4, copies=[(0, 41), (1, 2)]))
    assert record["new"]["n"] == 158  # those in one group are


def test_near_copies_in_two_groups_are_not_judged(make_trained):
    pairs = [CopyPair(f"{one:064x}", f"{other:064x}", 0.9, None) for one, other in ((0, 41), (1, 2), (7, 999))]
    trained = make_trained([40] * 4)
    assert judge_elsewhere(trained, pairs)["n_left_out"] == 2
    assert judge_elsewhere(trained, pairs)["new"]["n"] == 158  # those in one group are


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [([50, 50], "there are 2 cameras, and 3 are needed"), ([300, 10, 10], "93.8% of the photos come from one camera")],
)
def test_too_few_groups_are_told_and_not_judged(make_trained, sizes, reason):
    record = judge_elsewhere(make_trained(sizes))
    assert record["same"] is record["new"] is None
    (note,) = note_elsewhere(record)
    assert (note.code, note.severity) == ("elsewhere", "info")
    assert f"The accuracy on a camera never seen cannot be told: {reason}" in note.text


def test_heads_without_a_strength_are_not_fitted_anew(make_trained):
    assert "--method fixed" in judge_elsewhere(make_trained([20] * 8, strength=None))["reason"]


def test_a_class_that_only_one_group_has_cannot_be_judged(make_trained):
    record = judge_elsewhere(make_trained([40] * 3, labels=[0, 0, 1]))
    assert "have photos of one camera alone" in record["reason"]
    assert record["new"] is None


def test_photos_without_groups_have_no_such_accuracy(make_trained):
    assert judge_elsewhere(make_trained([], n_plain=40)) is None
    assert note_elsewhere(None) == []


@pytest.mark.parametrize("n_groups", [6, 25])
def test_the_interval_holds_the_mean_accuracy_on_fresh_groups(make_trained, n_groups):
    held = []
    for seed in range(20):
        record = judge_elsewhere(make_trained([20] * n_groups, seed=seed))
        low, high = record["new"]["accuracy_ci95"]
        fresh = judge_elsewhere(make_trained([20] * (n_groups + 60), seed=1000 + seed))["new"]["accuracy"]
        held.append(low <= fresh <= high)
    assert np.mean(held) >= 0.85
