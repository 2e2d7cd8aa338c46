"""Protobuf bodies are read into what the same client would have sent as JSON.

Round trips through real Go clients are in `tests/wire/`; here bodies are made by hand, byte by byte.
"""

import struct

import pytest

from reference_impl.apiserver.http.protobuf import MAGIC, decode
from reference_impl.errors import BadRequest


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def data(field: int, value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def body(api_version: str, kind: str, obj: bytes) -> bytes:
    return MAGIC + data(1, data(1, api_version) + data(2, kind)) + data(2, obj) + data(3, "") + data(4, "")


def metadata(name: str, rest: bytes = b"") -> bytes:
    # As Go writes it: every scalar that is no pointer, zero or not, and the zero time as an empty message.
    zeros = data(2, "") + data(3, "") + data(4, "") + data(5, "") + data(6, "") + number(7, 0) + data(8, b"")
    return data(1, data(1, name) + zeros + rest)


def test_strings_maps_and_bytes():
    labels = data(11, data(1, "app") + data(2, "x"))
    secret = metadata("s", labels) + data(2, data(1, "key") + data(2, b"\x00\xff")) + data(3, "Opaque")
    assert decode(body("v1", "Secret", secret)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"app": "x"}},
        "data": {"key": "AP8="},
        "type": "Opaque",
    }


def test_an_explicit_zero_behind_a_pointer_is_kept_and_go_s_own_zeros_are_not():
    replicas = decode(body("apps/v1", "Deployment", metadata("d") + data(2, number(1, 0) + number(5, 0))))
    assert replicas["spec"]["replicas"] == 0
    assert "minReadySeconds" not in replicas["spec"]
    absent = decode(body("apps/v1", "Deployment", metadata("d") + data(2, number(5, 0))))
    assert "replicas" not in absent["spec"]
    false = decode(body("v1", "Pod", metadata("p") + data(2, number(21, 0))))
    assert false["spec"]["automountServiceAccountToken"] is False


def test_inlined_messages_stand_in_their_parent():
    empty_dir = data(2, data(2, data(1, "Memory")))
    pod = decode(body("v1", "Pod", metadata("p") + data(2, data(1, data(1, "scratch") + empty_dir))))
    assert pod["spec"]["volumes"] == [{"name": "scratch", "emptyDir": {"medium": "Memory"}}]


def test_quantities_times_and_numbers_or_names():
    resources = data(8, data(1, data(1, "cpu") + data(2, data(1, "250m"))))
    port = data(1, number(1, 1) + number(2, 0) + data(3, "http"))
    probe = data(10, data(1, data(2, data(2, port[2:]))))
    container = data(2, data(1, "web") + resources + probe)
    pod = decode(body("v1", "Pod", metadata("p") + data(2, container)))
    found = pod["spec"]["containers"][0]
    assert found["resources"]["limits"] == {"cpu": "250m"}
    lease = metadata("l") + data(
        2, data(1, "me") + number(2, 15) + data(4, number(1, 1_700_000_000) + number(2, 5_000))
    )
    assert decode(body("coordination.k8s.io/v1", "Lease", lease))["spec"] == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "renewTime": "2023-11-14T22:13:20.000005Z",
    }


def test_negative_numbers_are_64_bits_long():
    options = decode(body("v1", "DeleteOptions", number(1, -1)))
    assert options["gracePeriodSeconds"] == -1


def test_delete_options_come_under_the_group_of_what_is_deleted():
    options = decode(body("apps/v1", "DeleteOptions", data(4, "Foreground")))
    assert options["propagationPolicy"] == "Foreground"


def test_named_lists_are_lists():
    extra = data(5, data(1, "scopes") + data(2, data(1, "a") + data(1, "b")))
    review = decode(body("authorization.k8s.io/v1", "SubjectAccessReview", metadata("") + data(2, extra)))
    assert review["spec"]["extra"] == {"scopes": ["a", "b"]}


def test_fields_of_a_newer_client_are_dropped():
    unknown = data(900, "new") + varint(901 << 3 | 1) + struct.pack("<d", 1.5) + varint(902 << 3 | 5) + b"1234"
    assert decode(body("v1", "ConfigMap", metadata("a") + unknown))["metadata"] == {"name": "a"}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{}",
        MAGIC + b"\xff",
        MAGIC + data(1, data(1, "v1") + data(2, "Nothing")),
        MAGIC + b"\x0a\xff\xff\xff\xff\x0f",
        body("v1", "ConfigMap", b"\x0a\x05ab"),
        body("v1", "ConfigMap", number(1, 5)),
        body("v1", "ConfigMap", b"\x0b"),
        body("v1", "ConfigMap", data(1, data(1, b"\xff"))),
        body("v1", "ConfigMap", b"\x00\x01"),
        body("v1", "ConfigMap", b"\xff" * 12),
        body("example.com/v1", "Website", b""),
    ],
)
def test_what_cannot_be_read_is_a_bad_request(broken):
    with pytest.raises(BadRequest):
        decode(broken)


@pytest.mark.parametrize(
    "nest", [lambda inner: data(29, data(1, "a") + data(2, inner)), lambda inner: data(24, data(1, inner))]
)
def test_nesting_without_end_is_refused(nest):
    """`properties` are messages, `items` a schema or several."""
    schema = b""
    for _ in range(900):
        schema = nest(schema)
    with pytest.raises(BadRequest, match="deep"):
        decode(body("apiextensions.k8s.io/v1", "CustomResourceDefinition", data(2, data(7, data(4, data(1, schema))))))
