"""A component loses a permission on a kind for a while: 403, no effect. Watches that are open stay open."""

from dataclasses import dataclass

from harness.contract import PASSED, Draw, Message, Moment, Verdict
from harness.occasion import is_request


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRevoked:
    name: str = "permission_revoked"
    legal: bool = True
    obliged: bool = True
    source: str = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/"

    def applies(self, occasion: Message | Moment) -> bool:
        return is_request(occasion)

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        if not isinstance(occasion, Message):
            return PASSED
        return Verdict.act(
            "deny",
            why="permission",
            component=occasion.component,
            kind=occasion.kind,
            verb=occasion.verb,
            subresource=occasion.subresource,
            seconds=draw.seconds("seconds", 0.5, 120.0),
        )
