"""Labels that a classifier does not know, told by name."""

from headstart.cli.unknown_labels import N_LISTED, tell_unknown_labels


def test_each_is_named_with_what_was_meant_and_the_rest_is_counted():
    assert list(tell_unknown_labels({"Cats": 1, "bird": 1200}, ["cats", "dogs"])) == [
        "1 photo of 'Cats' (did you mean 'cats'?)",
        "1,200 photos of 'bird'",
    ]
    many = {f"x{i}": 2 for i in range(N_LISTED + 3)}
    assert list(tell_unknown_labels(many, ["cats"]))[-1] == "6 photos of 3 more labels"
