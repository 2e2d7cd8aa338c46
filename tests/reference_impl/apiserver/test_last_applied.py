"""From client-side apply to server-side apply: what the manager "kubectl" takes over."""

from typing import Any

import pytest

from reference_impl.apiserver.last_applied import ANNOTATION
from reference_impl.errors import Conflict
from tests.reference_impl.apiserver.applying import apply


def _client_side(cluster: Any) -> None:
    text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v","x":"1"}}'
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default",
            "annotations": {ANNOTATION: text}}, "data": {"k": "v", "x": "1"}}  # fmt: skip
    cluster.create(body)


def test_kubectl_takes_over_what_its_client_side_apply_has_set(cluster):
    _client_side(cluster)
    applied = apply(cluster, "ConfigMap", "a", {"data": {"k": "w", "x": "1"}}, "kubectl")
    assert applied["data"] == {"k": "w", "x": "1"}
    assert '"k":"w"' in applied["metadata"]["annotations"][ANNOTATION]


def test_kubectl_does_not_take_over_what_somebody_changed_since(cluster):
    _client_side(cluster)
    cluster.patch("ConfigMap", "a", {"data": {"k": "theirs"}})
    with pytest.raises(Conflict, match=r"\.data\.k"):
        apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}}, "kubectl")


def test_other_managers_do_not_inherit_from_client_side_apply(cluster):
    _client_side(cluster)
    with pytest.raises(Conflict, match="before-first-apply"):
        apply(cluster, "ConfigMap", "a", {"data": {"k": "w"}})
