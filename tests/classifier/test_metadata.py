"""Metadata survive JSON, and wrong ones are refused."""

import hashlib
import json
from dataclasses import replace

import pytest

from headstart.backbone.loading import load_backbone
from headstart.classifier.decision import Decision, MistakeCost
from headstart.classifier.metadata import Metadata
from headstart.errors import ClassifierError

RECORD = Metadata.describe(
    load_backbone().spec, labels=("a", "b"), image_size=224, precision="f32", seed=7, n_views=4,
    digests=[hashlib.sha256(bytes([i])).hexdigest() for i in range(5)],
)  # fmt: skip


def test_metadata_survive_json():
    assert Metadata.from_json(RECORD.to_json()) == RECORD


def test_equal_metadata_give_equal_json():
    assert Metadata.from_json(RECORD.to_json()).to_json() == RECORD.to_json()


def test_training_photos_are_recognised():
    assert RECORD.has_seen(hashlib.sha256(bytes([3])).hexdigest())
    assert not RECORD.has_seen(hashlib.sha256(bytes([9])).hexdigest())


def test_a_newer_format_is_refused_with_advice():
    record = json.loads(RECORD.to_json()) | {"format": 7}
    with pytest.raises(ClassifierError, match=r"format 7.*Update headstart"):
        Metadata.from_json(json.dumps(record))


def test_only_files_of_several_networks_have_a_format_that_earlier_versions_refuse():
    assert json.loads(RECORD.to_json())["format"] == 5
    several = load_backbone("mobilenet_v2@96+mobilenet_v2@128").spec
    record = replace(RECORD, spec=several, image_size=128)
    assert json.loads(record.to_json())["format"] == 6
    assert Metadata.from_json(record.to_json()) == record
    with pytest.raises(ClassifierError, match="mobilenet_v2@128 needs exactly 128 pixels"):
        Metadata.from_json(replace(record, image_size=96).to_json())


def test_the_first_format_is_read():
    record = json.loads(RECORD.to_json()) | {"format": 1}
    del record["n_averaged"], record["depth"], record["decision"]
    assert Metadata.from_json(json.dumps(record)) == RECORD


def test_the_second_format_has_a_depth_of_16():
    record = json.loads(RECORD.to_json()) | {"format": 2}
    del record["depth"], record["decision"]
    assert Metadata.from_json(json.dumps(record)).depth == 16


def test_the_third_format_answers_the_most_probable_class():
    record = json.loads(RECORD.to_json()) | {"format": 3}
    del record["decision"]
    assert Metadata.from_json(json.dumps(record)) == RECORD


@pytest.mark.parametrize(
    "decision", [Decision(label="b", threshold=0.25, find=0.98), Decision(costs=(MistakeCost("a", "b", 20.0),))]
)
def test_a_decision_survives_json(decision):
    metadata = replace(RECORD, decision=decision)
    assert Metadata.from_json(metadata.to_json()) == metadata


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"label": "c"}, "label 'c', need one of the labels"),
        ({"label": None}, "need either a label with a threshold, or costs"),
        ({"threshold": None}, "need either a label with a threshold, or costs"),
        ({"costs": [{"label": "a", "answer": "b", "cost": 2.0}]}, "need either a label with a threshold, or costs"),
        ({"threshold": 1.5}, "threshold 1.5, need a float from 0 to 1"),
        ({"threshold": "x"}, "threshold 'x', need a float"),
        ({"find": float("nan")}, "find nan, need a float"),
        ({"costs": 3}, "costs 3, need a list"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_a_wrong_threshold_is_refused(changes, reason):
    record = json.loads(replace(RECORD, decision=Decision(label="b", threshold=0.25)).to_json())
    record["decision"] |= changes
    with pytest.raises(ClassifierError, match=reason):
        Metadata.from_json(json.dumps(record))


@pytest.mark.parametrize(
    ("costs", "reason"),
    [
        ([{"label": "a", "answer": "c", "cost": 2.0}], "a cost of 'a' called 'c', need two of the labels"),
        ([{"label": "a", "answer": "a", "cost": 2.0}], "need two of the labels"),
        ([{"label": "a", "answer": ["b"], "cost": 2.0}], r"answer \['b'\], need a str"),
        ([{"label": "a", "answer": "b", "cost": -2.0}], "a cost of -2.0, need a finite float above 0"),
        ([{"label": "a", "answer": "b", "cost": True}], "a cost of True, need a finite float"),
        ([{"label": "a", "answer": "b"}], "no cost"),
        (["a:b"], "need an object"),
        ([{"label": "a", "answer": "b", "cost": 2.0}] * 2, "two costs of the same mistake"),
    ],
)
def test_wrong_costs_are_refused(costs, reason):
    record = json.loads(RECORD.to_json())
    record["decision"] = {"label": None, "threshold": None, "find": None, "costs": costs}
    with pytest.raises(ClassifierError, match=reason):
        Metadata.from_json(json.dumps(record))


def test_a_decision_that_is_no_record_is_refused():
    record = json.loads(RECORD.to_json()) | {"decision": "most probable"}
    with pytest.raises(ClassifierError, match="need an object with the fields of Decision"):
        Metadata.from_json(json.dumps(record))


def test_a_depth_survives_json_and_wrong_ones_are_refused():
    record = json.loads(replace(RECORD, depth=12).to_json())
    assert Metadata.from_json(json.dumps(record)).depth == 12
    for depth in (7, 17):
        with pytest.raises(ClassifierError, match=f"depth {depth}, need 8 to 16"):
            Metadata.from_json(json.dumps(record | {"depth": depth}))
    with pytest.raises(ClassifierError, match=r"depth 12\.0, need an int"):
        Metadata.from_json(json.dumps(record | {"depth": 12.0}))


def test_views_that_cannot_be_averaged_are_refused():
    record = json.loads(RECORD.to_json()) | {"n_averaged": 3}
    with pytest.raises(ClassifierError, match="n_averaged 3, need one of 1, 2, 4, 8"):
        Metadata.from_json(json.dumps(record))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', "nonsense"])
def test_a_text_that_is_not_metadata_is_refused(text):
    with pytest.raises(ClassifierError, match="cannot be read"):
        Metadata.from_json(text)
