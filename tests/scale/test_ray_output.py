"""While Ray works stdout is empty, and what its core writes is in a file; afterwards all is as before."""

import subprocess
import sys

from headstart.scale.ray_output import LOG_NAME
from headstart.storage.local_files import find_cache_folder

SCRIPT = """
import os, sys, warnings
from headstart.scale.ray_output import keep_quiet

try:
    with keep_quiet():
        os.write(2, b"core\\n")
        print("printed")
        print("ours", file=sys.stderr)
        raise OSError("an error")
except OSError as error:
    print("caught", error)
os.write(2, b"after\\n")
print("last", file=sys.stderr)
"""


def test_each_message_goes_where_it_belongs():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ended.stdout == "caught an error\n"
    assert ended.stderr.splitlines() == ["printed", "ours", "after", "last"]
    assert (find_cache_folder() / LOG_NAME).read_text() == "core\n"
