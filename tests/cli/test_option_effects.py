"""Every option of every command has an effect, or what it says where it has none is known here."""

import pytest

from headstart.cli.app import app

ALWAYS = "always"
SETTING = "tests/methods/test_unused_settings.py"  # each setting of a training in each method
COLUMNS = dict.fromkeys(("--path-column", "--label-column", "--group-column"), "refused without a table or its column")
LAYOUT = {"--layout": "refused if the photos are in no folder"}
DEPTH = "only photos of 16 bits, as the help says"
READING = COLUMNS | LAYOUT
PRECISION = {"--precision": "bf16 refused, f32 noted if the classifier is quantised"}
RULES = {"--refuse": "refused without a novelty test", "--sets": "refused without label sets"}
EFFECTS = {
    "train": READING | {
        **dict.fromkeys(("--add", "--forget"), "refused if DATA is no run"),
        "--out": ALWAYS, "--method": ALWAYS, "--budget": SETTING, "--cut": SETTING, "--list-cuts": ALWAYS,
        "--backbone": SETTING, "--image-size": SETTING, "--head": SETTING, "--features": SETTING,
        "--strength": SETTING, "--epochs": SETTING, "--learning-rate": SETTING, "--train-norms": SETTING,
        "--fit-on": SETTING, "--near-copies": SETTING,
        "--views": SETTING, "--average-views": SETTING, "--class-weight": SETTING, "--precision": SETTING,
        "--seed": SETTING, "--cache": ALWAYS, "--cache-limit": SETTING, "--track": ALWAYS, "--ray": ALWAYS,
        "--overwrite": "noted without --out", "--json": ALWAYS, "--depth": DEPTH,
        **dict.fromkeys(("--repeats", "--test-share", "--validation-share"), "refused if the split is given"),
        "--find": SETTING, "--of": SETTING, "--cost": SETTING,
        "--group-from": "refused without a match, noted with fewer than three groups",
    },
    "predict": PRECISION | RULES | {
        "--format": "refused as csv with --json", "--json": ALWAYS, "--top": ALWAYS,
        "--grid": "told if no photo can be read", "--explain": "told if no photo can be read",
    },
    "evaluate": READING | PRECISION | {
        "--split": "refused if the split has no photos", "--json": ALWAYS, "--refuse": RULES["--refuse"],
        "--unknown": "refused without a photo or a novelty test",
        "--group-from": "refused without a match",
    },
    "export": READING | {
        "--format": ALWAYS, "--int8": "refused for formats without, noted if quantised already", "--out": ALWAYS,
        "--check": ALWAYS, "--calibrate": "noted without --int8", "--force": "noted without --check",
        "--overwrite": "only if the file exists, as the help says", "--layout": "noted if no photos are read",
        "--group-column": "noted", "--json": ALWAYS,
    },
    "serve": PRECISION | RULES | dict.fromkeys(
        ("--host", "--port", "--allow-host", "--allow-origin", "--root-path"), ALWAYS
    ),
    "replay": {
        "--photos": "refused if a photo is missing without --partial", "--out": ALWAYS,
        "--partial": "noted with what it leaves out", "--cache": ALWAYS, "--json": ALWAYS,
    },
    "diff": {"--json": ALWAYS},
    "show": PRECISION | {"--json": ALWAYS},
    "track": {"--to": ALWAYS},
    "advise": READING | dict.fromkeys(
        ("--backbone", "--image-size", "--seed", "--cache", "--picture", "--json"), ALWAYS
    ) | {"--depth": DEPTH, "--group-from": "refused without a match, noted with fewer than three groups"},
    "audit": READING | dict.fromkeys(
        ("--out", "--apply", "--drop", "--relabel", "--weigh", "--cache", "--json", "--overwrite"), ALWAYS
    ) | {
        **dict.fromkeys(("--backbone", "--image-size", "--seed", "--depth"), "noted if decisions alone are applied"),
        "--top": "not with --json, as the help says", "--new-classes": "refused without --apply",
        "--group-from": "refused without a match",
    },
    "similar": LAYOUT | dict.fromkeys(
        ("--n", "--grid", "--backbone", "--image-size", "--cache", "--json"), ALWAYS
    ) | {name: COLUMNS[name] for name in ("--path-column", "--label-column")} | {"--depth": DEPTH},
    "suggest": dict.fromkeys(("--n", "--labelled", "--out", "--overwrite", "--seed", "--cache", "--json"), ALWAYS) | {
        **dict.fromkeys(("--backbone", "--image-size"), "noted with a run"), "--depth": "noted with a run; " + DEPTH,
        "--path-column": "refused without a table",
    },
    "embed": READING | dict.fromkeys(
        ("--out", "--ray", "--backbone", "--image-size", "--precision", "--dtype", "--overwrite", "--json"), ALWAYS
    ) | {"--depth": DEPTH},
    "backbones": {"--json": ALWAYS, "--photos": ALWAYS,
                  **dict.fromkeys(("--picture", "--seed", "--cache"), "refused without --photos")},
    "demo": {"--out": ALWAYS, "--method": ALWAYS, "--seed": ALWAYS, "--overwrite": "noted without --out",
             "--json": ALWAYS},
    "forget": {
        "--list": ALWAYS, "--runs": "refused if it is no folder", "--out": "refused if it exists", "--json": ALWAYS,
    },
    "cache": {"--clear": ALWAYS, "--json": ALWAYS},
}  # fmt: skip


@pytest.mark.parametrize("command", app.commands)
def test_the_effect_of_every_option_is_known(command):
    options = {param.opts[0] for param in app.commands[command].params if param.opts[0].startswith("--")}
    assert options == set(EFFECTS[command])
