"""Endpoints mean the same however they are spread over slices."""

from harness.canonical import canonical_state
from harness.endpoint_slices import joined
from reference_impl.protocol import JsonObject
from tests.harness.worlds import made

SERVICE = made("Service", "web", 1, spec={})


def endpoint(number: int, *, ready: bool = True) -> JsonObject:
    return {"addresses": [f"10.0.0.{number}"], "conditions": {"ready": ready}}


def a_slice(number: int, *endpoints: JsonObject, port: int = 80, owner: JsonObject = SERVICE) -> JsonObject:
    content = {"addressType": "IPv4", "ports": [{"port": port}], "endpoints": list(endpoints)}
    return made("EndpointSlice", f"web-{number}xxxx", number, owner=owner, generated=True, **content)


def test_two_slices_say_what_one_says() -> None:
    one = [SERVICE, a_slice(2, endpoint(1), endpoint(2))]
    two = [SERVICE, a_slice(2, endpoint(1)), a_slice(3, endpoint(2))]
    assert canonical_state(two, {}) == canonical_state(one, {})


def test_the_order_of_endpoints_says_nothing() -> None:
    one = [SERVICE, a_slice(2, endpoint(1), endpoint(2, ready=False))]
    other = [SERVICE, a_slice(2, endpoint(1, ready=False), endpoint(2))]
    (_, first), (_, second) = joined(one), joined(other)
    assert [e["conditions"] for e in first["endpoints"]] == [e["conditions"] for e in second["endpoints"]]


def test_an_endpoint_in_two_slices_is_one() -> None:
    two = [SERVICE, a_slice(2, endpoint(1)), a_slice(3, endpoint(1))]
    assert canonical_state(two, {}) == canonical_state([SERVICE, a_slice(2, endpoint(1))], {})


def test_a_missing_or_unready_endpoint_still_shows() -> None:
    right = canonical_state([SERVICE, a_slice(2, endpoint(1)), a_slice(3, endpoint(2))], {})
    assert canonical_state([SERVICE, a_slice(2, endpoint(1))], {}) != right
    assert canonical_state([SERVICE, a_slice(2, endpoint(1)), a_slice(3, endpoint(2, ready=False))], {}) != right


def test_other_ports_or_another_service_are_other_slices() -> None:
    other = made("Service", "shop", 9, spec={})
    slices = [a_slice(2, endpoint(1)), a_slice(3, endpoint(2), port=81), a_slice(4, endpoint(3), owner=other)]
    assert len(joined(slices)) == 3


def test_what_is_stored_is_not_changed() -> None:
    slices = [a_slice(2, endpoint(1)), a_slice(3, endpoint(2))]
    joined(slices)
    assert [len(slice_["endpoints"]) for slice_ in slices] == [1, 1]
