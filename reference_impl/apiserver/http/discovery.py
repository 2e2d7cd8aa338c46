"""Discovery: which groups, versions and resources there are, in the old form and in the aggregated one.

Made from the registry alone, so that a custom resource is there from the moment its definition is.

Sources: Kubernetes API concepts ("API discovery"), `k8s.io/api/apidiscovery/v2`; kubernetes `api/discovery/*.json`.
"""

from typing import Any, Final

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_CREATE_ONLY: Final = ("Binding", "SelfSubjectReview", "TokenReview", "LocalSubjectAccessReview",
                       "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview")  # fmt: skip
_READ_WRITE: Final = ("get", "patch", "update")
_SUBRESOURCES: Final[dict[str, tuple[tuple[str, str, str] | None, tuple[str, ...]]]] = {
    "status": (None, _READ_WRITE),
    "scale": (("autoscaling", "v1", "Scale"), _READ_WRITE),
    "binding": (("", "v1", "Binding"), ("create",)),
    "eviction": (("policy", "v1", "Eviction"), ("create",)),
    "token": (("authentication.k8s.io", "v1", "TokenRequest"), ("create",)),
    "log": (None, ("get",)),
    "finalize": (None, ("update",)),
    "ephemeralcontainers": (None, _READ_WRITE),
    "resize": (None, _READ_WRITE),
    "approval": (None, _READ_WRITE),
}
"""Subresource -> the kind it speaks (None: its resource's own), and its verbs."""
_ALL: Final = frozenset({
    "pods", "replicationcontrollers", "services", "daemonsets.apps", "deployments.apps", "replicasets.apps",
    "statefulsets.apps", "horizontalpodautoscalers.autoscaling", "cronjobs.batch", "jobs.batch",
})  # fmt: skip
"""What `kubectl get all` means."""
_API_EXTENSIONS: Final = frozenset({
    "customresourcedefinitions.apiextensions.k8s.io", "apiservices.apiregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
})  # fmt: skip


def verbs_of(info: KindInfo) -> tuple[str, ...]:
    if info.crd is None and info.kind in _CREATE_ONLY:
        return ("create",)
    return tuple(verb for verb in VERBS if info.resource != "namespaces" or verb != "deletecollection")


def singular(info: KindInfo) -> str:
    return str(info.extra.get("singular") or info.kind.lower())


def categories(info: KindInfo) -> list[str]:
    if info.crd is not None:
        return list(info.extra.get("categories") or ())
    return (["all"] if info.resource in _ALL else []) + (["api-extensions"] if info.resource in _API_EXTENSIONS else [])


def subresources(info: KindInfo) -> list[tuple[str, tuple[str, str, str], tuple[str, ...]]]:
    """(name, (group, version, kind), verbs) of each, sorted."""
    own = (info.group, info.version, info.kind)
    found = []
    for name in sorted(info.subresources):
        kind, verbs = _SUBRESOURCES[name]
        found.append((name, kind or own, verbs))
    return found


# ------------------------------------------------------------------------------------------------------- the old form


def versions(kinds: KindRegistry, _: str) -> JsonObject:
    """GET /api."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [],
    }


def groups(kinds: KindRegistry, _: str) -> JsonObject:
    """GET /apis."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*each) for each in by_group(kinds).items()]}


def group(kinds: KindRegistry, name: str) -> JsonObject | None:
    """GET /apis/GROUP."""
    found = by_group(kinds).get(name)
    return None if found is None else {"kind": "APIGroup", "apiVersion": "v1", **_group(name, found)}


def resources(kinds: KindRegistry, group_version: str) -> JsonObject | None:
    """GET /api/v1, /apis/GROUP/VERSION."""
    served = [info for info in kinds.kinds() if info.api_version == group_version]
    if not served:
        return None
    listed = []
    for info in sorted(served, key=lambda each: each.plural):
        entry: JsonObject = {
            "name": info.plural,
            "singularName": singular(info),
            "namespaced": info.namespaced,
            "kind": info.kind,
            "verbs": list(verbs_of(info)),
        }
        if info.short_names:
            entry["shortNames"] = list(info.short_names)
        if categories(info):
            entry["categories"] = categories(info)
        listed.append(entry)
        for name, (sub_group, version, kind), verbs in subresources(info):
            sub: JsonObject = {
                "name": f"{info.plural}/{name}",
                "singularName": "",
                "namespaced": info.namespaced,
                "kind": kind,
                "verbs": list(verbs),
            }
            if (sub_group, version) != (info.group, info.version):
                sub |= {"group": sub_group, "version": version}
            listed.append(sub)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def by_group(kinds: KindRegistry) -> dict[str, list[str]]:
    """Named groups and their versions, in the order served; of several versions the preferred one first."""
    found: dict[str, dict[str, None]] = {}
    for info in kinds.kinds():
        if info.group:
            found.setdefault(info.group, {})[info.version] = None
    return {name: sorted(versions, key=version_priority) for name, versions in found.items()}


def version_priority(version: str) -> tuple[int, int, int, str]:
    """v2, v1, v1beta2, v1beta1, v1alpha1, then whatever else (apimachinery `CompareKubeAwareVersionStrings`)."""
    major, minor, stage = _parsed(version)
    if stage is None:
        return (3, 0, 0, version)
    return (stage, -major, -minor, version)


def _parsed(version: str) -> tuple[int, int, int | None]:
    for stage, word in enumerate(("", "beta", "alpha")):
        head, found, tail = version.removeprefix("v").partition(word) if word else (version.removeprefix("v"), "", "")
        if head.isdigit() and (not word or (found and tail.isdigit())):
            return int(head), int(tail) if word else 0, stage
    return 0, 0, None


def _group(name: str, found: list[str]) -> JsonObject:
    versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in found]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


# ----------------------------------------------------------------------------------------------------- the aggregated


def aggregated(kinds: KindRegistry, root: str) -> JsonObject:
    """GET /api or /apis, everything at once."""
    named: dict[str, list[str]] = {"": ["v1"]} if root == "api" else by_group(kinds)
    items = []
    for name, found in named.items():
        versions = [
            {
                "version": version,
                "freshness": "Current",
                "resources": [
                    _aggregated_resource(info)
                    for info in sorted(kinds.kinds(), key=lambda each: each.plural)
                    if (info.group, info.version) == (name, version)
                ],
            }
            for version in found
        ]
        metadata: JsonObject = {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None}
        items.append({"metadata": metadata, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_resource(info: KindInfo) -> JsonObject:
    entry: JsonObject = {
        "resource": info.plural,
        "responseKind": _kind((info.group, info.version, info.kind)),
        "scope": "Namespaced" if info.namespaced else "Cluster",
        "singularResource": singular(info),
        "verbs": list(verbs_of(info)),
    }
    optional: dict[str, Any] = {
        "shortNames": list(info.short_names),
        "categories": categories(info),
        "subresources": [
            {"subresource": name, "responseKind": _kind(kind), "verbs": list(verbs)}
            for name, kind, verbs in subresources(info)
        ],
    }
    return entry | {name: value for name, value in optional.items() if value}


def _kind(found: tuple[str, str, str]) -> JsonObject:
    return dict(zip(("group", "version", "kind"), found, strict=True))
