"""``headstart serve``: its options reach the server, and a missing extra is named in one line."""

from pathlib import Path

import pytest

from headstart.cli.app import app


@pytest.fixture
def asked(monkeypatch):
    """Record the arguments of the server instead of starting it."""
    found = {}
    monkeypatch.setattr(
        "headstart.serve.server.serve_classifier", lambda model, **options: found.update(options, model=model)
    )
    return found


def test_options_reach_the_server(asked):
    given = ["--host", "0.0.0.0", "--port", "0", "--precision", "f32", "--root-path", "/pets"]  # noqa: S104
    given += ["--refuse", "5%", "--sets", "90%"]
    more = ["--allow-host", "a.org", "--allow-host", "*.b.org", "--allow-origin", "https://c.org"]
    app(["serve", "a run", *given, *more], standalone_mode=False)
    del asked["say"]
    assert asked == {
        "model": Path("a run"), "host": "0.0.0.0", "port": 0, "precision": "f32", "root_path": "/pets",  # noqa: S104
        "refuse": 0.05, "sets": 0.9,
        "allow_hosts": ("a.org", "*.b.org"), "allow_origins": ("https://c.org",),
    }  # fmt: skip


def test_by_default_only_this_machine_can_connect(asked):
    app(["serve", "a run"], standalone_mode=False)
    assert (asked["host"], asked["port"], asked["precision"]) == ("127.0.0.1", 8000, "auto")
    assert (asked["refuse"], asked["sets"]) == ("auto", None)


def test_messages_go_to_stderr(asked, capsys):
    app(["serve", "a run"], standalone_mode=False)
    asked["say"]("Serving a run at http://127.0.0.1:8000")
    assert capsys.readouterr() == ("", "Serving a run at http://127.0.0.1:8000\n")


def test_help_names_the_options_and_the_request(headstart):
    done = headstart("serve", "--help")
    assert done.returncode == 0
    for word in ("--host", "--port", "--precision", "--allow-host", "--allow-origin", "--root-path", "POST /predict"):
        assert word in " ".join(done.stdout.split())  # lines are broken anywhere


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_an_invalid_port_is_refused(headstart, port):
    done = headstart("serve", "a run", "--port", port)
    assert done.returncode == 2
    assert "Invalid value for '--port'" in done.stderr


@pytest.mark.parametrize("package", ["fastapi", "uvicorn"])
def test_a_missing_extra_is_named_in_one_line(headstart, tmp_path, package):
    (tmp_path / f"{package}.py").write_text(f"raise ModuleNotFoundError('no', name='{package}')")
    done = headstart("serve", tmp_path, env=_put_first(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"headstart: Cannot serve a classifier: got no package '{package}', need it.")
    assert done.stderr.rstrip().endswith("pip install 'headstart[serve]'")
    assert len(done.stderr.splitlines()) == 1


def _put_first(folder):
    import os

    return os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
