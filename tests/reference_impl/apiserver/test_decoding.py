"""What came over a wire has the types of its kind, or is refused; what did not is not looked at."""

import pytest

from reference_impl.apiserver.decoding import check_types
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.errors import BadRequest

KINDS = KindRegistry()


def pod(**spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [], **spec}}


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": [{"name": "a", "resources": {"limits": {"cpu": 1, "memory": "1.5Gi"}}}]},
        {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": "http"}}}]},
        {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"port": 80}}}]},
        {"containers": None, "hostNetwork": True, "priority": -5, "unknown": object()},
        {"nodeSelector": {"a": "b", "c": None}},
    ],
)
def test_what_fits_passes(spec):
    check_types(KINDS.resolve("v1", "Pod"), pod(**spec))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"containers": {}}, r"cannot unmarshal object into Go struct field spec\.containers of type \[\]"),
        ({"containers": [1]}, "cannot unmarshal number"),
        ({"containers": [None]}, "may not be null"),
        ({"containers": [{"name": 1}]}, r"field spec\.containers\.name of type string"),
        ({"containers": [{"name": "a", "resources": {"limits": {"cpu": "1 GB"}}}]}, "of type quantity"),
        ({"priority": "5"}, "of type int"),
        ({"priority": True}, "cannot unmarshal bool"),
        ({"priority": 2**63}, "cannot unmarshal number"),
        ({"hostNetwork": 1}, "of type bool"),
        ({"nodeSelector": ["a"]}, "cannot unmarshal array"),
        ({"nodeSelector": {"a": 1}}, r"spec\.nodeSelector\.a"),
    ],
)
def test_what_does_not_is_a_bad_request(spec, why):
    with pytest.raises(BadRequest, match=why):
        check_types(KINDS.resolve("v1", "Pod"), pod(**spec))


def test_bytes_and_times_are_looked_into():
    secret, lease = KINDS.resolve("v1", "Secret"), KINDS.resolve("coordination.k8s.io/v1", "Lease")
    check_types(secret, {"data": {"a": "Yg=="}})
    with pytest.raises(BadRequest):
        check_types(secret, {"data": {"a": "é"}})
    check_types(lease, {"spec": {"renewTime": "2024-01-01T00:00:00.000001Z"}})
    with pytest.raises(BadRequest):
        check_types(lease, {"spec": {"renewTime": "yesterday"}})


@pytest.mark.in_process("a request that came over no wire")
def test_only_what_came_over_a_wire_is_looked_at(cluster):
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}, "type": 5}
    with pytest.raises(BadRequest, match="of type string"):
        cluster.do("create", "Secret", body=body, from_wire=True)
    assert cluster.do("create", "Secret", body=body)["type"] == 5
    with pytest.raises(BadRequest, match="of type string"):
        cluster.do("patch", "Secret", "s", body={"metadata": {"labels": {"a": 1}}}, patch_type="merge", from_wire=True)
