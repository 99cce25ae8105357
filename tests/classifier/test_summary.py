"""The summary names every stage with its size, and the totals agree with the file."""

import numpy as np
import pytest

from headstart.backbone.loading import load_backbone
from headstart.backbone.pooled_stages import pool_stages
from headstart.backbone.spec import PIXELS_CUT
from headstart.classifier.build import build_classifier
from headstart.classifier.classifier import Classifier
from headstart.classifier.decision import Decision
from headstart.classifier.file import parse_classifier
from headstart.classifier.label_sets import LabelSets
from headstart.classifier.summary import describe_network, list_facts, list_part_rows, summarise_classifier

N_HEAD = 1280 * 3 + 3
N_BACKBONE = 2_257_984


@pytest.fixture
def summarise(parts, change_metadata):
    """Return the summary of a small classifier with changed metadata."""
    backbone, weights, bias, _ = parts

    def make(**changes):
        return summarise_classifier(
            parse_classifier(build_classifier(backbone, weights, bias, change_metadata(**changes)))
        )

    return make


def test_the_parts_go_from_the_first_stage_to_the_head(summarise):
    summary = summarise()
    rows = list_part_rows(summary)
    assert [row[0] for row in rows] == [*(stage.name for stage in load_backbone().spec.stages), "features", "head"]
    assert rows[0] == ("stem", "48 x 48 x 32", "992", "frozen")
    assert rows[-3:] == [
        ("top", "3 x 3 x 1,280", "414,720", "frozen"),
        ("features", "1,280", "0", ""),
        ("head", "3", "3,843", "trained"),
    ]
    assert (summary["n_parameters"], summary["n_trained"]) == (N_BACKBONE + N_HEAD, N_HEAD)
    assert summary["n_frozen"] == N_BACKBONE
    assert summary["n_fitted"] == 1


def test_above_the_cut_stages_are_trained(summarise):
    summary = summarise(method="hybrid", cut="block_12")
    fitted = dict(list_facts(summary | {"fitted_on": "train"}))["Fitted to"]
    assert fitted == "1 different photo (train, and validation to choose the epoch)"
    states = {part["name"]: part["is_trained"] for part in summary["parts"]}
    assert not states["block_12"]
    assert states["block_13"]
    assert states["top"]
    # all of the stages above but the mean and the variance of each channel of each batch norm
    above = sum(part["n_parameters"] for part in summary["parts"] if part["is_trained"]) - N_HEAD
    assert N_HEAD < summary["n_trained"] < above + N_HEAD
    assert summary["n_trained"] + summary["n_frozen"] == summary["n_parameters"]


def test_without_a_frozen_stage_all_are_trained(summarise):
    summary = summarise(method="finetune", cut=PIXELS_CUT)
    assert all(part["is_trained"] for part in summary["parts"] if part["n_parameters"])
    assert dict(list_facts(summary))["Cut"] == "before the first stage"


def test_features_of_several_stages_are_a_part_of_their_own(change_metadata):
    backbone = pool_stages(load_backbone())
    head = np.zeros((backbone.spec.n_features, 3), np.float32), np.zeros(3, np.float32)
    data = build_classifier(backbone, *head, change_metadata(spec=backbone.spec))
    summary = summarise_classifier(parse_classifier(data))
    assert list_part_rows(summary)[-2] == ("features", "1,976", "0", "")
    assert summary["n_frozen"] == N_BACKBONE


def test_a_quantised_classifier_has_its_batch_norms_folded(int8_bytes):
    summary = summarise_classifier(parse_classifier(int8_bytes))
    assert summary["precision"] == "int8"
    assert 0.95 * N_BACKBONE < summary["n_frozen"] < N_BACKBONE
    assert [part["output"] for part in summary["parts"]][-3:] == [[3, 3, 1280], [1280], [3]]


def test_the_facts_tell_the_rule_of_the_answer_and_the_time(summarise):
    plain = dict(list_facts(summarise()))
    assert plain["Answer"] == "the most probable class"
    assert "Time" not in plain
    decided = summarise(decision=Decision(label="dots", threshold=0.2)) | {"ms_per_photo": 4.21}
    facts = dict(list_facts(decided))
    assert facts["Answer"].startswith("The answer is 'dots' if its probability is at least")
    assert facts["Time"] == "4.2 ms a photo on this machine, without decoding"


def test_many_labels_are_counted(summarise):
    summary = summarise() | {"labels": [f"plate {n}" for n in range(1000)]}
    assert dict(list_facts(summary))["Labels"].endswith("plate 19 and 980 more")


def test_the_text_of_a_classifier_has_a_row_for_each_part(classifier_bytes):
    text = Classifier.from_bytes(classifier_bytes).summary()
    lines = text.splitlines()
    assert lines[0].split() == ["Part", "Output", "Parameters"]
    assert lines[1].split() == ["stem", "48", "x", "48", "x", "32", "992", "frozen"]
    assert "Parameters  2,261,827: 3,843 trained, 2,257,984 frozen" in lines


def test_the_report_gets_the_totals_in_a_sentence(summarise):
    network = describe_network(summarise())
    assert network["sentence"].endswith(
        "Number of parameters: 2,261,827: 3,843 trained, 2,257,984 frozen. Size of the file: 9.1 MB."
    )
    assert len(network["rows"]) == 21


def test_what_is_refused_is_told_with_the_number_of_photos(summarise):
    summary = summarise() | {"novelty": {"n": 250, "refuse": 0.01}}
    told = "Photos stranger than 99% of the classifier's own photos are refused as 'none of these': a share of 1%."
    assert dict(list_facts(summary))["Refused"] == f"{told} Measured on 250 photos."
    assert dict(list_facts(summary | {"novelty": {"n": 9, "refuse": None}}))["Refused"] == "No photo is refused."
    assert dict(list_facts(summarise()))["Refused"].startswith("No photo is refused: the classifier cannot tell")


def test_label_sets_are_told_with_what_they_can_promise(summarise):
    sets = LabelSets((0.2,), (0.01,), 99, 0.99)
    summary = summarise(label_sets=sets)
    assert summary["label_sets"] == {
        "n": 99, "most": 0.99, "top_share": 0.99, "top_share_ci95": list(sets.top_share_ci95),
    }  # fmt: skip
    assert dict(list_facts(summary))["Label sets"] == (
        "up to 99% can be promised, by 99 held-out photos; the most probable label alone was right for 99.0% of them "
        "(94.5% to 99.8%)"
    )
    assert dict(list_facts(summarise()))["Label sets"].startswith("none: an earlier version wrote")
