import pytest

from reference_impl import errors
from reference_impl.errors import ApiError
from reference_impl.runtime.status_error import error_of_status, is_too_large_resource_version


@pytest.mark.parametrize(
    "error",
    [errors.NotFound("x"), errors.Conflict("x"), errors.AlreadyExists("x"), errors.Gone("x"), errors.Timeout("x")],
    ids=lambda error: type(error).__name__,
)
def test_a_status_becomes_the_error_that_made_it(error: ApiError) -> None:
    again = error_of_status(error.to_status())
    assert (type(again), again.status, again.reason, again.message) == (type(error), error.status, error.reason, "x")


def test_the_code_decides_where_the_reason_is_unknown() -> None:
    assert isinstance(error_of_status({"code": 410, "reason": "Whatever"}), errors.Gone)
    assert isinstance(error_of_status({"code": 502}), errors.InternalError)
    assert isinstance(error_of_status({}), errors.InternalError)


def test_a_too_large_resource_version_is_known_by_its_cause_after_a_trip_over_the_wire() -> None:
    error = errors.TooLargeResourceVersion(10, 3)
    assert is_too_large_resource_version(error_of_status(error.to_status()))
    assert not is_too_large_resource_version(errors.Timeout())
