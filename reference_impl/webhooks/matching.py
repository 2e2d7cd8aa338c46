"""Is a webhook asked about this write? Its rules, selectors and conditions, in this order.

With matchPolicy Equivalent (the default) a rule about another served version of the resource matches too, and the
webhook is shown the objects in that version. Configurations of webhooks are never shown to webhooks, lest nobody could
repair a broken one.

Sources: apiserver `pkg/admission/plugin/webhook/{generic/webhook.go,predicates,matchconditions}`; "Dynamic Admission
Control".
"""

from typing import Final

from reference_impl.apiserver import wording
from reference_impl.apiserver.kind_rules import NAMESPACES
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.reviewing import Review
from reference_impl.apiserver.webhook_configurations import GROUP
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Store
from reference_impl.webhooks.configurations import Webhook

_EXEMPT: Final = frozenset({
    f"{plural}.{GROUP}"
    for plural in (
        "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    )
})  # fmt: skip


class Matcher:
    """Holds webhooks against reviews."""

    __slots__ = ("_kinds", "_store")

    def __init__(self, store: Store, kinds: KindRegistry) -> None:
        self._store = store
        self._kinds = kinds

    def version_for(self, hook: Webhook, review: Review) -> KindInfo | None:
        """The version of the resource in which the webhook is asked; None: it is not asked.

        Raises NotFound: its selector needs the labels of a namespace that does not exist.
        """
        found = self._by_rules(hook, review)
        if found is None or not self._namespace_fits(hook, review) or not _object_fits(hook, review):
            return None
        return found

    def _by_rules(self, hook: Webhook, review: Review) -> KindInfo | None:
        if review.info.resource in _EXEMPT:
            return None
        if any(_fits(rule, review, review.info) for rule in hook.rules):
            return review.info
        if hook.exact:
            return None
        for version in self._kinds.versions(review.info.resource):
            if any(_fits(rule, review, version) for rule in hook.rules):
                return version
        return None

    def _namespace_fits(self, hook: Webhook, review: Review) -> bool:
        if review.info.resource == NAMESPACES and not review.request.subresource:
            subject = review.obj or review.old or {}
            return hook.in_namespaces(_labels(subject))
        if review.namespace is None:
            return True  # namespaceSelector never keeps cluster-scoped objects out
        if hook.everywhere:
            return True
        namespace = self._store.get((NAMESPACES, "", review.namespace))
        if namespace is None:
            raise wording.not_found(self._kinds.by_resource(NAMESPACES), review.namespace)
        return hook.in_namespaces(_labels(namespace))


def failing_condition(hook: Webhook, variables: JsonObject) -> str | None:
    """The name of a condition that is false: the webhook is not asked; None if all are true.

    Raises ValueError: none is false, and one cannot be evaluated.
    """
    if not hook.conditions:
        return None
    from reference_impl.apiserver import cel_rules

    errors = []
    for name, program in hook.conditions:
        try:
            if cel_rules.evaluate(program, variables) is not True:
                return name
        except ValueError as error:
            errors.append(f"expression '{name}' resulted in error: {error}")
    if errors:
        raise ValueError("; ".join(errors))
    return None


def _object_fits(hook: Webhook, review: Review) -> bool:
    return any(hook.of_objects(_labels(each)) for each in (review.obj, review.old) if each is not None)


def _labels(obj: JsonObject) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def _fits(rule: JsonObject, review: Review, version: KindInfo) -> bool:
    return (
        _has(rule["operations"], review.operation)
        and _has(rule["apiGroups"], version.group)
        and _has(rule["apiVersions"], version.version)
        and _resource_fits(rule["resources"], version.plural, review.request.subresource or "")
        and rule.get("scope", "*") in ("*", "Namespaced" if version.namespaced else "Cluster")
    )


def _has(values: list[str], wanted: str) -> bool:
    return "*" in values or wanted in values


def _resource_fits(entries: list[str], plural: str, subresource: str) -> bool:
    for entry in entries:
        name, _, sub = entry.partition("/")
        if name in ("*", plural) and sub in ("*", subresource):
            return True
    return False
