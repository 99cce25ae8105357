from headstart.inspection.problem_list import describe_problems


def test_a_message_lists_ten_problems_and_counts_the_others():
    lines = describe_problems("read 'a.csv'", [f"row {n} has no path" for n in range(1234)], "Correct it.").splitlines()
    assert lines[0] == "Cannot read 'a.csv': got 1,234 problems, need none:"
    assert lines[1] == "  row 0 has no path"
    assert lines[10:] == ["  row 9 has no path", "  and 1,224 more", "Correct it."]
