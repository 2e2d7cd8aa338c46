"""Pods with an identity: name, labels and volume claims that follow from a StatefulSet and an ordinal.

Nothing about such a pod is random, so creating it twice is harmless: the second create meets `AlreadyExists`.

Source: `stateful_set_utils.go`. Not modelled: repairing the volumes of a pod that exists (a server refuses it, so the
real controller retries for ever).
"""

import re
from typing import Final

from reference_impl.objects import (
    controller_of,
    copy_json,
    is_deleting,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from reference_impl.protocol import JsonObject

POD_NAME_LABEL: Final = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL: Final = "apps.kubernetes.io/pod-index"
REVISION_LABEL: Final = "controller-revision-hash"
_ORDINAL: Final = re.compile(r"(.*)-([0-9]+)")


def ordinal_of(set_name: str, name: str) -> int | None:
    """The ordinal in a pod's or claim's name, or None if it is not named after that set."""
    match = _ORDINAL.fullmatch(name)
    return int(match[2]) if match and match[1] == set_name else None


def revision_of(pod: JsonObject) -> str:
    """The name of the ControllerRevision that the pod was made from."""
    return str((pod["metadata"].get("labels") or {}).get(REVISION_LABEL, ""))


def new_pod(set_: JsonObject, template: JsonObject, ordinal: int, revision_name: str) -> JsonObject:
    """The pod of that ordinal (`newVersionedStatefulSetPod`)."""
    name = f"{name_of(set_)}-{ordinal}"
    metadata = template.get("metadata") or {}
    spec: JsonObject = copy_json(template.get("spec") or {})
    spec["hostname"] = name
    if set_["spec"].get("serviceName"):
        spec["subdomain"] = set_["spec"]["serviceName"]
    claims = {template_name(tpl): claim_name(set_, tpl, ordinal) for tpl in claim_templates(set_)}
    if claims:
        kept = [volume for volume in spec.get("volumes") or () if volume["name"] not in claims]
        spec["volumes"] = kept + [
            {"name": volume, "persistentVolumeClaim": {"claimName": claim}} for volume, claim in claims.items()
        ]
    pod_metadata: JsonObject = {
        "name": name,
        "namespace": set_["metadata"]["namespace"],
        "labels": {**(metadata.get("labels") or {}), **identity_labels(name, ordinal), REVISION_LABEL: revision_name},
        "ownerReferences": [owner_reference(set_)],
    }
    for field in ("annotations", "finalizers"):
        if metadata.get(field):
            pod_metadata[field] = copy_json(metadata[field])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": pod_metadata, "spec": spec}


def identity_labels(name: str, ordinal: int) -> dict[str, str]:
    return {POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal)}


def has_identity(pod: JsonObject, ordinal: int) -> bool:
    """Its labels say who it is (`identityMatches`)."""
    labels = pod["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in identity_labels(name_of(pod), ordinal).items())


# ------------------------------------------------------------------------------------------------------ volume claims


def claim_templates(set_: JsonObject) -> list[JsonObject]:
    return set_["spec"].get("volumeClaimTemplates") or []


def template_name(template: JsonObject) -> str:
    return str(template["metadata"]["name"])


def claim_name(set_: JsonObject, template: JsonObject, ordinal: int) -> str:
    return f"{template_name(template)}-{name_of(set_)}-{ordinal}"


def new_claims(set_: JsonObject, ordinal: int) -> list[JsonObject]:
    """The PersistentVolumeClaims of that ordinal. They carry the set's selector labels and, at first, no owner."""
    claims = []
    for template in claim_templates(set_):
        metadata = template["metadata"]
        labels = {**(metadata.get("labels") or {}), **(set_["spec"]["selector"].get("matchLabels") or {})}
        claim_metadata: JsonObject = {
            "name": claim_name(set_, template, ordinal),
            "namespace": set_["metadata"]["namespace"],
            "labels": labels,
        }
        if metadata.get("annotations"):
            claim_metadata["annotations"] = copy_json(metadata["annotations"])
        claims.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": claim_metadata,
                "spec": copy_json(template.get("spec") or {}),
            }
        )
    return claims


def owners_by_policy(
    set_: JsonObject, pod: JsonObject, claim: JsonObject, *, condemned: bool
) -> list[JsonObject] | None:
    """The owner references that `persistentVolumeClaimRetentionPolicy` wants on a claim, or None if they are right.

    Retain (the default) wants neither set nor pod as owner, so that the claim outlives both; `whenDeleted: Delete`
    wants the set; `whenScaled: Delete` wants the pod once it is condemned, so that the claim goes when it goes
    (`updateClaimOwnerRefForSetAndPod`).
    """
    policy = set_["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    with_pod = condemned and policy.get("whenScaled") == "Delete"
    with_set = policy.get("whenDeleted") == "Delete" and not with_pod
    before = claim["metadata"].get("ownerReferences") or []
    controller = controller_of(claim)
    ours = (uid_of(set_), uid_of(pod))
    if controller is not None and controller["uid"] not in ours:
        return None  # Somebody else's claim: leave it alone.
    wanted = [owner for owner, wants in ((set_, with_set), (pod, with_pod)) if wants]
    foreign = [reference for reference in before if reference["uid"] not in ours]
    present = [
        (reference["uid"], bool(reference.get("controller"))) for reference in before if reference not in foreign
    ]
    if present == [(uid_of(owner), True) for owner in wanted]:
        return None
    return foreign + [owner_reference(owner) for owner in wanted]


def is_left_behind(claim: JsonObject, pod_name: str) -> bool:
    """The claim goes with a pod of that name that is gone already: a new pod must not use it (`PodClaimIsStale`)."""
    return is_deleting(claim) or any(
        reference["kind"] == "Pod" and reference["name"] == pod_name
        for reference in claim["metadata"].get("ownerReferences") or ()
    )


def claim_slot(set_: JsonObject, claim: JsonObject) -> int | None:
    """The ordinal that a claim belongs to, or None if it is none of this set's."""
    if namespace_of(claim) != namespace_of(set_):
        return None
    for template in claim_templates(set_):
        prefix = f"{template_name(template)}-"
        name = name_of(claim)
        if name.startswith(prefix):
            ordinal = ordinal_of(name_of(set_), name[len(prefix) :])
            if ordinal is not None:
                return ordinal
    return None
