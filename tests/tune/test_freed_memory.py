import platform

import numpy as np
import pytest

from headstart.tune.freed_memory import keep_freed_memory

resource = pytest.importorskip("resource")  # Windows has none
BYTES = 100_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc is told to keep memory")
def test_what_is_freed_is_used_again():
    def count_faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.ones(BYTES, np.uint8)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    with keep_freed_memory() as give_back:
        count_faults()
        again = count_faults()
        give_back()
        assert again < 0.01 * count_faults()
    assert again < 0.01 * count_faults()  # after it, memory is new again, page by page


def test_it_ends_when_something_fails():
    with pytest.raises(KeyError), keep_freed_memory():
        raise KeyError
