"""In the block stdout stays empty, and output of Ray's core goes to a file; afterwards both are as before."""

import subprocess
import sys

from headstart.scale.ray_output import LOG_NAME
from headstart.storage.local_files import find_cache_folder

SCRIPT = """
import os, sys, warnings
from headstart.scale.ray_output import redirect_ray_output

try:
    with redirect_ray_output():
        os.write(2, b"core\\n")
        print("printed")
        print("ours", file=sys.stderr)
        raise OSError("an error")
except OSError as error:
    print("caught", error)
os.write(2, b"after\\n")
print("last", file=sys.stderr)
"""


def test_output_of_each_kind_goes_to_its_target():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ended.stdout == "caught an error\n"
    assert ended.stderr.splitlines() == ["printed", "ours", "after", "last"]
    assert (find_cache_folder() / LOG_NAME).read_text() == "core\n"
