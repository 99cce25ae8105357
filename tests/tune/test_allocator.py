import platform

import numpy as np
import pytest

from headstart.tune.allocator import keep_freed_memory

resource = pytest.importorskip("resource")  # Windows has none
BYTES = 2_500_000_000  # more than fits a C int
FEW = BYTES // 2_000_000 // 5  # a huge page has 2 MB, if the system gives any


def count_faults():
    """Return how many pages the system had to give for a large block."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(BYTES, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc is told to keep memory")
def test_freed_memory_is_reused_in_the_block_and_returned_after_it():
    with keep_freed_memory() as give_back:
        count_faults()
        again = count_faults()
        give_back()
        assert again < FEW < count_faults()
    assert count_faults() > FEW  # after it, memory is new again, page by page


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc is told to keep memory")
def test_the_setting_ends_with_the_last_block_also_after_an_error():
    with pytest.raises(KeyError, match="on purpose"), keep_freed_memory():
        raise KeyError("on purpose")
    count_faults()
    assert count_faults() > FEW
    with keep_freed_memory():
        with keep_freed_memory():
            count_faults()
        count_faults()
        assert count_faults() < FEW


def test_an_allocator_that_the_user_configured_is_left_alone(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    with keep_freed_memory():
        count_faults()
        assert count_faults() > FEW
