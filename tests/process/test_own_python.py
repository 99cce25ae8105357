"""A module runs in a process of its own, with the folders of this one."""

import json

from headstart.process.own_python import kill_started, make_command, make_environment, start_module


def test_a_module_reads_and_writes():
    process = start_module("json.tool", "--compact")
    answer, _ = process.communicate(b'{"a": 1}', timeout=20)
    assert json.loads(answer) == {"a": 1}
    assert process.returncode == 0


def test_started_processes_are_ended():
    process = start_module("json.tool")
    kill_started()
    assert process.wait(timeout=5) != 0
    process.communicate()


def test_the_working_folder_is_no_folder_of_modules():
    assert "-P" in make_command("json.tool")
    assert "PYTHONPATH" in make_environment()
