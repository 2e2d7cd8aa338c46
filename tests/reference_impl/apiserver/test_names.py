import random
from datetime import UTC, datetime

from reference_impl.apiserver.names import generate_name, generate_uid, timestamp


def test_names_and_uids_are_a_function_of_the_randomness():
    assert generate_uid(random.Random(1)) == generate_uid(random.Random(1))
    assert generate_name("a-", random.Random(1)) == generate_name("a-", random.Random(1))
    assert generate_uid(random.Random(1)) != generate_uid(random.Random(2))


def test_timestamps_have_whole_seconds():
    assert timestamp(datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=UTC)) == "2024-01-02T03:04:05Z"
