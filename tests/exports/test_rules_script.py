"""The pages answer as Python does, photo by photo: labels, refusals and label sets."""

import json
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.classifier.decision import Decision
from headstart.classifier.label_sets import LabelSets
from headstart.classifier.rules import AnswerRules
from headstart.exports.html_page import WEB

LABELS = ("cracked", "dented", "fine")
SETS = LabelSets((0.05, 0.2, 0.4), (0.02, 0.1, 0.3), 400, 0.7)
PROGRAM = """
const { rows, novelties, all } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(all.map((rules) => {
  const chosen = rules.sets.find(({ level }) => level === rules.level);
  return rows.map((row, n) => {
    const found = answerPhoto(row, novelties[n], rules, chosen ? chosen.threshold : null);
    return [found.answer, found.label, found.probability, found.ranked, found.isKnown, found.labelSet, found.why];
  });
})));
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def run_script(program, given):
    script = "".join((WEB / name).read_text(encoding="utf-8") for name in ("decision.js", "rules.js")) + program
    done = subprocess.run(
        [shutil.which("node"), "-e", script], input=json.dumps(given), text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_the_script_gives_the_answers_of_python():
    generator = np.random.default_rng(0)
    rows = generator.dirichlet([0.4] * 3, 400).astype(np.float32)
    rows[0] = [0.5, 0.5, 0.0]
    rows[1, 1] = SETS.find_threshold(0.9)
    novelties = generator.uniform(0, 0.1, 400).astype(np.float32).tolist()
    novelties[:3] = [0.05, 0.01, None]
    metadata = SimpleNamespace(label_sets=SETS)
    threshold = SETS.find_threshold(0.9)
    all_rules = [
        AnswerRules(LABELS, None, 0.01, 0.9, 0.9, threshold),
        AnswerRules(LABELS, None, 0.05, 0.9, 0.9, threshold),
        AnswerRules(LABELS, Decision(label="dented", threshold=0.3), None, 0.9, 0.9, threshold),
    ]
    pages = [{"labels": LABELS, **rules.to_page(metadata)} for rules in all_rules]
    found = run_script(PROGRAM, {"rows": rows.tolist(), "novelties": novelties, "all": pages})
    for rules, answers in zip(all_rules, found, strict=True):
        for row, novelty, told in zip(rows, novelties, answers, strict=True):
            answer, label, probability, ranked, is_known, label_set, why = told
            expected = rules.answer(None, row, novelty)
            assert (answer, label, is_known) == (expected.answer, expected.label, expected.is_known)
            assert probability == expected.probability
            assert [LABELS[i] for i in ranked] == list(expected.probabilities)
            assert (label_set and tuple(label_set)) == expected.label_set
            assert label_set is None or label_set[0] == label
            assert why == (expected.decided_by or "")
        n_refused = sum(not told[4] for told in answers)
        assert (n_refused > 10) == (rules.refused_share is not None)
        assert len({len(told[5] or []) for told in answers}) > 1


def test_a_page_offers_the_levels_that_the_photos_support():
    rules = AnswerRules(LABELS, None, 0.01)
    told = rules.to_page(SimpleNamespace(label_sets=SETS))
    assert [one["level"] for one in told["sets"]] == [0.8, 0.9, 0.95, 0.99]
    assert told["sets"][1] == {"level": 0.9, "expected": 0.9, "threshold": SETS.find_threshold(0.9)}
    assert (told["level"], told["refusedShare"]) == (None, 0.01)  # as predict
    few = rules.to_page(SimpleNamespace(label_sets=LabelSets((), (), 5, 1.0)))
    assert [one["level"] for one in few["sets"]] == [0.8]
    assert few["level"] is None
    assert rules.to_page(SimpleNamespace(label_sets=None))["sets"] == []
    asked = AnswerRules(LABELS, None, 0.01, 0.85, 0.85, 0.3).to_page(SimpleNamespace(label_sets=SETS))
    assert [one["level"] for one in asked["sets"]][:2] == [0.8, 0.85]
    assert asked["level"] == 0.85


@needs_node
def test_strangeness_and_label_sets_are_words():
    program = """
    const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
    console.log(JSON.stringify([given[0].map(describeNovelty), given[1].map(joinLabels)]));
    """
    said, joined = run_script(
        program,
        [
            [0.9999, 0.62, 0.031, 0.01 - 5e-6, 0.0099, 1 / 200 - 5e-6, 0.0004],
            [["a"], ["a", "b"], list("abc"), list("abcdefgh")],
        ],
    )
    assert said == [
        "Nearly all of the classifier's own photos look at least as strange.",
        "About 62 in 100 of the classifier's own photos look at least as strange.",
        "About 3 in 100 of the classifier's own photos look at least as strange.",
        "About 1 in 100 of the classifier's own photos look at least as strange.",
        "Fewer than 1 in 100 of the classifier's own photos look as strange.",
        "Fewer than 1 in 100 of the classifier's own photos look as strange.",
        "Fewer than 1 in 2,000 of the classifier's own photos look as strange.",
    ]
    assert joined == ["a", "a or b", "a, b or c", "a, b, c, d, e or 3 others"]
