"""The smallest schedule of operations: nothing needless, numbers small, and the same promise broken."""

from harness.pattern_shrink import Operations, shrunk


def put(number: int, **more: object) -> dict:
    return {"do": "put", "n": number, **more}


def test_only_what_is_needed_is_left_and_numbers_are_as_small_as_they_can_be() -> None:
    operations = [put(number) for number in (9, 1, 7, 30, 4, 8, 2)]

    def breaks(some: Operations) -> str | None:
        numbers = [each["n"] for each in some]
        return f"{numbers}" if sum(number >= 5 for number in numbers) >= 2 else None

    assert shrunk(operations, "", breaks) == ([put(5), put(5)], "[5, 5]")


def test_what_was_done_at_once_is_done_alone_where_that_is_enough() -> None:
    both = {"do": "at_once", "calls": [put(1), put(2)]}
    assert shrunk([both], "", lambda some: "" if "'n': 2" in repr(some) else None)[0] == [put(2)]


def test_switches_are_turned_off_and_never_made_numbers() -> None:
    found, _ = shrunk([put(0, sure=True)], "", lambda some: "" if some else None)
    assert found == [put(0, sure=False)]


def test_a_schedule_that_only_breaks_as_a_whole_is_kept() -> None:
    operations = [put(0), put(0), put(0)]
    assert shrunk(operations, "why", lambda some: None) == (operations, "why")
