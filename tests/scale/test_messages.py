"""What is left at the post is fetched once, in order, and the wish to stop stays."""

from headstart.scale.messages import Letters, Post


def test_lines_and_progress_are_fetched_once():
    post = Post()
    post.tell("one")
    post.tell("two")
    post.note(1, 3)
    post.note(2, 3)
    assert post.fetch(False) == Letters(("one", "two"), (2, 3))
    assert post.fetch(False) == Letters((), None)


def test_the_wish_to_stop_reaches_the_worker_and_stays():
    post = Post()
    assert post.note(1, 3) is False
    post.fetch(True)
    post.fetch(False)
    assert post.note(2, 3) is True


def test_beginnings_are_counted_and_the_result_is_kept():
    post = Post()
    assert [post.begin(), post.begin()] == [1, 2]
    assert post.collect() is None
    post.deliver("result")
    assert post.collect() == "result"
