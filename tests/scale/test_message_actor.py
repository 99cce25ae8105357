"""Messages are taken once and in order, and a request to stop stays."""

from headstart.scale.message_actor import MessageActor, Messages


def test_lines_and_progress_are_taken_once():
    actor = MessageActor()
    actor.add_line("one")
    actor.add_line("two")
    actor.report_progress(1, 3)
    actor.report_progress(2, 3)
    assert actor.take_messages(False) == Messages(("one", "two"), (2, 3))
    assert actor.take_messages(False) == Messages((), None)


def test_a_request_to_stop_reaches_the_worker_and_stays():
    actor = MessageActor()
    assert actor.report_progress(1, 3) is False
    actor.take_messages(True)
    actor.take_messages(False)
    assert actor.report_progress(2, 3) is True


def test_starts_are_counted_and_the_result_is_stored():
    actor = MessageActor()
    assert [actor.count_start(), actor.count_start()] == [1, 2]
    assert actor.get_result() is None
    actor.store_result("result")
    assert actor.get_result() == "result"
