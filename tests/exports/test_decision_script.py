"""The pages decide as Python does, photo by photo."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from headstart.classifier.decision import Decision, MistakeCost, rank_classes
from headstart.exports.html_page import WEB

LABELS = ("cracked", "dented", "fine")
PROGRAM = """
const { rows, decisions } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(decisions.map((decision) => rows.map((row) => {
  const answer = decide(row, decision);
  return [answer, explainDecision(row, decision, answer)];
}))));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_script_gives_the_answers_and_reasons_of_python():
    generator = np.random.default_rng(0)
    rows = generator.dirichlet([0.4] * 3, 500).astype(np.float32)
    rows[0] = [0.5, 0.5, 0.0]  # equal probabilities: the first class is the answer
    at = float(rows[7, 1])  # a probability that is the threshold itself
    decisions = [
        None,
        Decision(label="dented", threshold=at),
        Decision(label="fine", threshold=0.9, find=0.5),
        Decision(costs=(MistakeCost("cracked", "fine", 1 / 3), MistakeCost("dented", "fine", 7.7))),
        Decision(costs=(MistakeCost("cracked", "fine", 20.0), MistakeCost("cracked", "dented", 0.1))),
    ]
    given = {"rows": rows.tolist(), "decisions": [rule and rule.to_page(LABELS) for rule in decisions]}
    script = (WEB / "decision.js").read_text(encoding="utf-8") + PROGRAM
    done = subprocess.run(
        [shutil.which("node"), "-e", script], input=json.dumps(given), text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for rule, answers in zip(decisions, json.loads(done.stdout), strict=True):
        n_changed = 0
        for row, (number, why) in zip(rows, answers, strict=True):
            ranked, reason = rank_classes(row, LABELS, rule)
            assert (LABELS[number], why) == (next(iter(ranked)), reason or "")
            n_changed += bool(why)
        assert (n_changed > 10) == (rule is not None)
