"""Review kinds: asked by a create, answered at once, stored nowhere.

The answers are those of a server in authorization mode AlwaysAllow, which is what this one is: everybody may do
everything, and everybody is the administrator. Access reviews are therefore true, not approximations. TokenReview is a
limit, refused by name: no user's token is known here.

Source: kubernetes `pkg/registry/authorization/*/rest.go`, `pkg/registry/authentication/selfsubjectreview`;
`plugin/.../authorizerfactory` AlwaysAllow.
"""

from typing import Any, Final

from reference_impl.apiserver import field_errors, wording
from reference_impl.apiserver.body import copied_body
from reference_impl.apiserver.core import Core
from reference_impl.errors import BadRequest, NotImplementedByServer
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

GROUPS: Final = ("authentication.k8s.io", "authorization.k8s.io")
_EVERYTHING: Final = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def review(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Answer a review. Raises BadRequest, Invalid, NotImplementedByServer."""
    if info.kind == "TokenReview":
        raise NotImplementedByServer(
            "TokenReview is not evaluated by this reference server, which knows no users' tokens"
        )
    obj = copied_body(request, info)
    obj["metadata"]["creationTimestamp"] = None
    spec = obj.get("spec")
    if info.kind == "SelfSubjectReview":
        obj["status"] = {"userInfo": {"username": request.user or "system:admin", "groups": ["system:masters"]}}
        return obj
    if not isinstance(spec, dict):
        raise BadRequest(f"a {info.kind} asks its question in spec")
    if info.kind == "SelfSubjectRulesReview":
        if not spec.get("namespace"):
            raise BadRequest("no namespace on request")
        obj["status"] = _EVERYTHING
        return obj
    _check_question(info, spec)
    obj["status"] = {"allowed": True}
    return obj


def _check_question(info: KindInfo, spec: dict[str, Any]) -> None:
    """Exactly one of the two questions, and somebody to ask about (`ValidateSubjectAccessReviewSpec`)."""
    causes = []
    resource, other = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if resource is not None and other is not None:
        why = "cannot be specified in combination with resourceAttributes"
        causes.append(field_errors.invalid_value("spec.nonResourceAttributes", other, why))
    if resource is None and other is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        causes.append(field_errors.invalid_value("spec.resourceAttributes", resource, why))
    if not info.kind.startswith("Self") and not spec.get("user") and not spec.get("groups"):
        why = "at least one of user or group must be specified"
        causes.append(field_errors.invalid_value("spec.user", spec.get("user") or "", why))
    if causes:
        raise wording.invalid(info, "", causes)
