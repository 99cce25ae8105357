"""The verdict says for which groups of photos the accuracy holds."""

from headstart.evaluation.elsewhere import name_sources, name_unseen, say_elsewhere, say_what_helps
from headstart.evaluation.quoting import choose_quote
from headstart.evaluation.verdict import write_verdict

SAME = {"accuracy": 0.93, "accuracy_ci95": [0.91, 0.95], "n": 1000}
NEW = {"accuracy": 0.78, "accuracy_ci95": [0.71, 0.84], "n": 1000}
TEST = {"n": 200, "accuracy": 0.8, "accuracy_ci95": [0.74, 0.85]}


def describe(n_seen=0, n_unseen=0, n_without=0, same=SAME, new=NEW):
    record = {"group_kind": "camera", "n_seen": n_seen, "n_unseen": n_unseen, "n_without": n_without}
    return {"test": TEST, "elsewhere": record | {"same": same, "new": new}}


def test_a_split_that_keeps_groups_apart_leads_with_photos_of_new_groups():
    verdict = write_verdict(describe(n_unseen=200))
    assert verdict.startswith("On 200 test photos of cameras it has never seen, this classifier names the right class")
    expected = (
        "On new photos of known cameras, classifiers like this one are right 93.0% of the time (95% interval 91.0% to"
    )
    assert expected in verdict


def test_a_split_that_mixes_groups_is_named_with_the_accuracy_on_new_groups():
    verdict = write_verdict(describe(n_seen=180, n_unseen=20))
    assert "On 200 test photos it has never seen, " in verdict
    assert "90.0% of the test photos come from cameras that training has seen, too." in verdict
    assert (
        "On a camera never seen, classifiers like this one are right 78.0% of the time (95% interval 71.0% to"
        in verdict
    )


def test_without_heads_for_new_groups_a_mixed_split_is_still_named():
    said = say_elsewhere("test", describe(n_seen=200, same=None, new=None))
    assert said.endswith("The accuracy on a camera never seen may be lower.")


def test_photos_without_a_group_are_not_called_new():
    assert name_unseen(describe(n_unseen=100, n_without=100)) == ""
    assert say_elsewhere("test", describe(n_unseen=100, n_without=100)) == ""


def test_cross_validation_that_is_quoted_names_the_groups_that_it_left_out():
    metrics = describe(n_unseen=40) | {"test": TEST | {"n": 40}, "cross_validation": {**NEW, "loss": 0.5}}
    verdict = write_verdict(metrics)
    assert "over all 1,000 photos, each judged without its camera in training, classifiers like this one" in verdict
    assert "On new photos of known cameras" in verdict
    metrics["elsewhere"]["n_evaluated_groups"] = 1
    assert "On its 40 test photos of 1 camera this classifier was right" in write_verdict(metrics)
    assert choose_quote(metrics).reason.startswith("The test set has only 40 photos of 1 camera. ")
    metrics["elsewhere"]["n_without"] = 1
    assert name_sources(metrics) == ""


def test_photos_of_more_cameras_help_if_new_cameras_are_harder():
    overfitted = describe(n_unseen=200) | {"test": TEST, "train": {"n": 700, "accuracy": 0.99}}
    assert write_verdict(overfitted).endswith("(overfitting). Photos of more cameras would help most.")
    assert say_what_helps(describe(new=SAME)) == "More photos would help most."
    assert say_what_helps({}) == "More photos would help most."


def test_more_photos_are_not_said_to_help_most_if_the_forecast_says_that_they_help_little():
    forecast = {"reason": None, "accuracy": 0.8, "expected": [{"accuracy": 0.805}]}
    overfitted = {"test": TEST, "train": {"n": 700, "accuracy": 0.99}, "forecast": forecast}
    assert write_verdict(overfitted).endswith("much more often than on new photos (overfitting).")
    assert say_what_helps({"forecast": {"reason": "flat"}}) == ""
    assert say_what_helps({"forecast": {"reason": "guessing"}}) == ""
    copies = {"forecast": {"reason": "near-copies"}}
    assert say_what_helps(copies) == "New pictures, not near copies, would help most."
    forecast["expected"][0]["accuracy"] = 0.82
    assert write_verdict(overfitted).endswith("(overfitting). More photos would help most.")
    lower = describe() | {"forecast": {"reason": "flat"}}  # elsewhere: photos of another kind
    assert say_what_helps(lower) == "Photos of more cameras would help most."


def test_nothing_is_said_without_groups():
    assert say_elsewhere("test", {"test": TEST, "elsewhere": None}) == ""
    assert say_elsewhere("train", describe(n_unseen=200)) == ""
    assert name_unseen({"test": TEST}) == ""
