"""Answers are told apart as a real client can."""

import pytest

from reference_impl.controllers.outcomes import (
    kind_is_unknown,
    may_have_committed,
    namespace_is_terminating,
    object_is_another,
)
from reference_impl.errors import (
    ApiError,
    Conflict,
    ConnectionLost,
    Forbidden,
    InternalError,
    Invalid,
    NotFound,
    ServiceUnavailable,
    Timeout,
    TooManyRequests,
    Unreachable,
)


@pytest.mark.parametrize("error", [InternalError(), Timeout(), ConnectionLost()])
def test_after_these_nobody_knows(error: ApiError) -> None:
    assert may_have_committed(error)


@pytest.mark.parametrize(
    "error", [Conflict("x"), Unreachable(), ServiceUnavailable(), TooManyRequests("x"), NotFound("x")]
)
def test_after_these_nothing_has_happened(error: ApiError) -> None:
    assert not may_have_committed(error)


def test_a_terminating_namespace_is_told_from_other_refusals() -> None:
    causes = {"causes": [{"reason": "NamespaceTerminating"}]}
    assert namespace_is_terminating(Forbidden("x", details=causes))
    assert not namespace_is_terminating(Forbidden("exceeded quota"))


def test_an_absent_object_is_told_from_an_absent_kind() -> None:
    assert kind_is_unknown(NotFound("the server could not find the requested resource"))
    assert not kind_is_unknown(NotFound('pods "a" not found', details={"name": "a", "kind": "pods"}))


def test_another_uid_is_told_from_other_invalid_fields() -> None:
    assert object_is_another(Invalid("x", details={"causes": [{"field": "metadata.uid"}]}))
    assert not object_is_another(Invalid("x", details={"causes": [{"field": "spec.replicas"}]}))
    assert object_is_another(NotFound("x"))
