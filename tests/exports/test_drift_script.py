"""The page keeps the same shares as Python, and gives the same alarms, photo by photo."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from headstart.evaluation.drift import DriftWatch, make_drift_test
from headstart.exports.html_page import WEB

PROGRAM = """
const { test, share, photos } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const watch = new DriftWatch(test, share);
console.log(JSON.stringify([watch.describe(), ...photos.map(([label, novelty]) => {
  watch.add(label, novelty);
  return watch.describe();
})]));
"""


def make_photos():
    """Photos of a quiet time, of strangers, of another quiet time, and of somewhat stranger photos."""
    generator = np.random.default_rng(2)
    novelties = np.concatenate([
        generator.random(300), np.full(20, 0.0005), generator.random(250), generator.random(250) ** 2.5
    ]).astype(np.float32)  # fmt: skip
    labels = generator.choice(["cats", "dogs", "Émile", "zebra"], len(novelties))
    return [[str(label), float(novelty)] for label, novelty in zip(labels, novelties, strict=True)]


def count_close(told, expected):
    """Take off the sums of both, whose last digits may differ, and count those that agree."""
    pairs = [
        (told.pop("mean_novelty"), expected.pop("mean_novelty")), (told.pop("evidence"), expected.pop("evidence")),
        (told["recent"].pop("mean_novelty"), expected["recent"].pop("mean_novelty")),
    ]  # fmt: skip
    return sum(one == other if other is None else one == pytest.approx(other, rel=1e-9) for one, other in pairs)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize(("n_units", "share"), [(2000, 0.01), (40, 0.05), (500, None), (500, 0.125), (None, None)])
def test_the_script_keeps_the_state_of_python(n_units, share):
    test, photos = make_drift_test(n_units, share), make_photos()
    if n_units is None:
        photos = [[label, None] for label, _ in photos]
    script = (WEB / "drift.js").read_text(encoding="utf-8") + PROGRAM
    given = {"test": None if test is None else test.to_page(), "share": share, "photos": photos}
    done = subprocess.run(
        [shutil.which("node"), "-e", script], input=json.dumps(given), text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    watch, alarms = DriftWatch(test, share), []
    for told, photo in zip(json.loads(done.stdout), [None, *photos], strict=True):
        if photo is not None:
            watch.add(*photo)
        expected = watch.describe()
        alarms.append(expected["is_drifting"])
        assert count_close(told, expected) == 3
        assert told == expected
    assert any(alarms) == (n_units is not None)
