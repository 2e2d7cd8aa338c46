"""Reviews are answered as a server that allows everything answers them, and stored nowhere."""

import pytest

from reference_impl.errors import BadRequest, Invalid

VERSION = "authorization.k8s.io/v1"


def ask(cluster, kind, spec, **options):
    body = {"apiVersion": options.get("api_version", VERSION), "kind": kind, "metadata": {}, "spec": spec}
    return cluster.do("create", kind, body=body, api_version=body["apiVersion"], namespace=options.get("namespace"))


def test_everybody_may_do_everything(cluster):
    question = {"resourceAttributes": {"verb": "create", "resource": "pods"}}
    revision = cluster.store.revision
    assert ask(cluster, "SelfSubjectAccessReview", question)["status"] == {"allowed": True}
    assert ask(cluster, "SubjectAccessReview", {**question, "user": "me"})["status"] == {"allowed": True}
    local = ask(cluster, "LocalSubjectAccessReview", {**question, "user": "me"}, namespace="default")
    assert local["status"] == {"allowed": True}
    rules = ask(cluster, "SelfSubjectRulesReview", {"namespace": "default"})["status"]
    assert rules["resourceRules"][0]["verbs"] == ["*"]
    assert cluster.store.revision == revision


def test_a_question_that_is_none_is_refused(cluster):
    with pytest.raises(Invalid, match="exactly one of"):
        ask(cluster, "SelfSubjectAccessReview", {})
    with pytest.raises(Invalid, match="at least one of user or group"):
        ask(cluster, "SubjectAccessReview", {"nonResourceAttributes": {"path": "/"}})
    with pytest.raises(BadRequest):
        ask(cluster, "SelfSubjectRulesReview", {})


def test_who_one_is(cluster):
    found = ask(cluster, "SelfSubjectReview", {}, api_version="authentication.k8s.io/v1")
    assert found["status"]["userInfo"]["groups"] == ["system:masters"]
