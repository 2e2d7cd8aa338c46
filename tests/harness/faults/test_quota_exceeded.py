from harness.faults.quota_exceeded import QuotaExceeded
from tests.harness.faults.scene import CREATE, arm, finish, fired, message, replies, size, stage, struck_by

FAULT = QuotaExceeded()


def test_creates_in_a_namespace_get_403_for_a_while() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["quota_exceeded"]
        assert size(example) is None
        assert set(replies(example)) == {"Forbidden"}
        assert finish(example)
        assert size(example) == "2"


def test_only_namespaced_creates_count_against_a_quota() -> None:
    assert struck_by(FAULT) == {"command"}
    assert not FAULT.applies(message("request", "create", "Namespace", namespace=None))
    assert not FAULT.applies(message("request", "create", "Pod", subresource="binding"))
