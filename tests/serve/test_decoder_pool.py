"""Slow jobs get threads of their own, and no thread is waited for at the end."""

import asyncio
import gc
import subprocess
import sys
import threading
import time

import pytest

from headstart.serve.decoder_pool import DecoderPool


def test_results_and_errors_reach_the_caller():
    async def ask():
        pool = DecoderPool(2)
        assert await asyncio.gather(*(pool.run(lambda n=n: n * n) for n in range(20))) == [n * n for n in range(20)]
        with pytest.raises(ZeroDivisionError, match="division"):
            await pool.run(lambda: 1 / 0)
        assert await pool.run(lambda: 1) == 1
        assert len(pool._threads) <= 2
        pool.close()
        assert not pool._threads

    asyncio.run(ask())


def test_slow_jobs_do_not_block_others():
    async def ask():
        pool, may_end = DecoderPool(2, n_slow=3, patience_s=0.01), threading.Event()
        slow = [asyncio.create_task(pool.run(may_end.wait)) for _ in range(3)]
        quick = [await asyncio.wait_for(pool.run(threading.get_ident), 10) for _ in range(3)]
        assert len(pool._threads) <= 5
        may_end.set()
        assert await asyncio.gather(*slow) == [True] * 3
        assert all(quick)
        while len(pool._threads) > 2:  # the additional threads end
            await pool.run(int)
        pool.close()

    asyncio.run(ask())


def test_the_number_of_threads_is_limited_and_the_next_job_waits():
    async def ask():
        pool, may_end = DecoderPool(1, n_slow=2, patience_s=0.01), threading.Event()
        slow = [asyncio.create_task(pool.run(may_end.wait)) for _ in range(10)]
        waiting = asyncio.create_task(pool.run(int))
        assert not (await asyncio.wait({waiting}, timeout=0.2))[0]
        assert len(pool._threads) == 3
        may_end.set()
        await asyncio.gather(*slow)
        assert await waiting == 0
        pool.close()

    asyncio.run(ask())


def test_a_job_whose_caller_gave_up_is_not_begun():
    async def ask():
        pool, may_end, begun = DecoderPool(1, n_slow=0), threading.Event(), []
        first = asyncio.create_task(pool.run(may_end.wait))
        second = asyncio.create_task(pool.run(lambda: begun.append(1)))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0)
        may_end.set()
        await first
        await pool.run(int)
        assert begun == []
        pool.close()

    asyncio.run(ask())


def test_a_job_that_never_ends_does_not_keep_the_program():
    program = (
        "import asyncio, threading\n"
        "from headstart.serve.decoder_pool import DecoderPool\n"
        "async def ask():\n"
        "    pool = DecoderPool(1)\n"
        "    task = asyncio.create_task(pool.run(threading.Event().wait))\n"
        "    await asyncio.sleep(0.1)\n"
        "    task.cancel()\n"
        "    pool.close()\n"
        "asyncio.run(ask())\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert time.monotonic() - began < 60


def test_the_error_of_a_job_whose_caller_gave_up_is_not_logged():
    logged = []

    def fail(may_end):
        may_end.wait()
        raise ZeroDivisionError("late")

    async def ask():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))
        pool, may_end = DecoderPool(1), threading.Event()
        task = asyncio.create_task(pool.run(lambda: fail(may_end)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait({task})
        may_end.set()
        await pool.run(int)  # after it, in the same thread
        await asyncio.sleep(0.01)
        del task
        gc.collect()
        pool.close()

    asyncio.run(ask())
    assert not logged
