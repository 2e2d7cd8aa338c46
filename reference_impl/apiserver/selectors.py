"""Selectors: label selector strings, LabelSelector objects, and field selectors, as predicates.

Parsed selectors are cached by their text: controllers ask with the same few strings for ever. The grammar is
apimachinery's: requirements joined by commas; `key`, `!key`, `key=v`, `key==v`, `key!=v`, `key in (a,b)`,
`key notin (a,b)`, `key>1`, `key<1`. `!=` and `notin` also select objects that lack the key. Field selectors know only
the fields that a kind declares; any other is refused as real servers refuse it, never ignored.

Sources: apimachinery `pkg/labels/selector.go`, `pkg/fields/selector.go`; the field label conversion functions of
`pkg/apis/*/v1/conversion.go`; apiextensions `selectableFields` (KEP-4358).
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

Predicate = Callable[[JsonObject], bool]
"""Over a whole object."""

LabelsPredicate = Callable[[dict[str, str]], bool]
"""Over a label map."""

_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_TOKEN: Final = re.compile(r"\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)")

_INVOLVED: Final = (
    "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
    "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
)  # fmt: skip
_FIELDS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("", "Pod"): (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName",
    ),
    ("", "Node"): ("spec.unschedulable",),
    ("", "Namespace"): ("status.phase",),
    ("", "Secret"): ("type",),
    ("", "Service"): ("spec.clusterIP", "spec.type"),
    ("", "ReplicationController"): ("status.replicas",),
    ("", "Event"): (*_INVOLVED, "reason", "reportingComponent", "source", "type"),
    ("events.k8s.io", "Event"): (
        "reason", "reportingController", "type", "regarding.kind", "regarding.namespace", "regarding.name",
        "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath",
    ),
    ("apps", "ReplicaSet"): ("status.replicas",),
    ("batch", "Job"): ("status.successful",),
    ("certificates.k8s.io", "CertificateSigningRequest"): ("spec.signerName",),
}  # fmt: skip
"""Selectable fields beyond metadata.name and metadata.namespace, by (group, kind)."""


def everything(_: JsonObject) -> bool:
    """The selector that selects all; `parse_labels(None)` returns this very function, so callers can skip it."""
    return True


# ------------------------------------------------------------------ labels


def parse_labels(text: str | None) -> Predicate:
    """A predicate over objects for a label selector string. Raises BadRequest as a server does for bad syntax."""
    return _parse_labels(text) if text else everything


@lru_cache(maxsize=2048)
def _parse_labels(text: str) -> Predicate:
    requirements = _requirements(text)
    if not requirements:
        return everything
    if len(requirements) == 1:
        only = requirements[0]
        return lambda obj: only(obj["metadata"].get("labels") or _NO_LABELS)

    def selects(obj: JsonObject) -> bool:
        labels = obj["metadata"].get("labels") or _NO_LABELS
        return all(requirement(labels) for requirement in requirements)

    return selects


_NO_LABELS: Final[dict[str, str]] = {}


def match_expressions(selector: JsonObject | None) -> LabelsPredicate:
    """A predicate over a label map for a `metav1.LabelSelector` object.

    None selects nothing and an empty selector everything (`metav1.LabelSelectorAsSelector`). Raises BadRequest for an
    operator that does not exist, or that has values it must not have (or lacks them).
    """
    if selector is None:
        return lambda _: False
    requirements = [_equals(key, value) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        requirements.append(_expression(expression))
    return _all_of(requirements)


def _expression(expression: JsonObject) -> LabelsPredicate:
    key, operator = str(expression.get("key", "")), expression.get("operator")
    values = frozenset(expression.get("values") or ())
    if operator in ("In", "NotIn"):
        if not values:
            raise BadRequest("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
        return _is_in(key, values) if operator == "In" else _not_in(key, values)
    if operator in ("Exists", "DoesNotExist"):
        if values:
            why = "values set must be empty for exists and does not exist"
            raise BadRequest(f"values: Invalid value: {sorted(values)}: {why}")
        return _exists(key) if operator == "Exists" else _is_absent(key)
    raise BadRequest(f'"{operator}" is not a valid label selector operator')


def _all_of(requirements: list[LabelsPredicate]) -> LabelsPredicate:
    if not requirements:
        return lambda _: True
    if len(requirements) == 1:
        return requirements[0]
    return lambda labels: all(requirement(labels) for requirement in requirements)


def _equals(key: str, value: str) -> LabelsPredicate:
    return lambda labels: labels.get(key) == value


def _is_in(key: str, values: frozenset[str]) -> LabelsPredicate:
    return lambda labels: labels.get(key) in values


def _not_in(key: str, values: frozenset[str]) -> LabelsPredicate:
    return lambda labels: labels.get(key) not in values


def _exists(key: str) -> LabelsPredicate:
    return lambda labels: key in labels


def _is_absent(key: str) -> LabelsPredicate:
    return lambda labels: key not in labels


def _compares(key: str, operator: str, bound: int) -> LabelsPredicate:
    def selects(labels: dict[str, str]) -> bool:
        try:
            value = int(labels.get(key, ""))
        except ValueError:
            return False
        return value > bound if operator == ">" else value < bound

    return selects


def _requirements(text: str) -> list[LabelsPredicate]:
    parser = _Parser(text)
    found: list[LabelsPredicate] = []
    if parser.peek() is None:
        return found
    while True:
        found.append(parser.requirement())
        token = parser.next()
        if token is None:
            return found
        if token != ",":
            raise parser.error(f"found '{token}', expected: ',' or 'end of string'")
        if parser.peek() is None:
            raise parser.error("found '', expected: identifier after ','")


class _Parser:
    """One pass over the tokens of a label selector."""

    __slots__ = ("_at", "_text", "_tokens")

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def next(self) -> str | None:
        token = self.peek()
        self._at += 1
        return token

    def error(self, why: str) -> BadRequest:
        return BadRequest(f"unable to parse requirement: {why}")

    def requirement(self) -> LabelsPredicate:
        if self.peek() == "!":
            self.next()
            return _is_absent(self._key())
        key = self._key()
        operator = self.peek()
        if operator is None or operator == ",":
            return _exists(key)
        self.next()
        if operator in ("=", "=="):
            return _equals(key, self._value())
        if operator == "!=":
            return _not_in(key, frozenset((self._value(),)))
        if operator in ("in", "notin"):
            values = self._values()
            return _is_in(key, values) if operator == "in" else _not_in(key, values)
        if operator in ("<", ">"):
            return _compares(key, operator, self._bound(key))
        raise self.error(f"found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _key(self) -> str:
        key = self.next()
        if key is None or key in ("=", "==", "!=", "!", ",", "(", ")", "<", ">"):
            raise self.error(f"found '{key or ''}', expected: !, identifier, or 'end of string'")
        prefix, slash, name = key.rpartition("/")
        if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
            raise self.error(
                f'key: Invalid value: "{key}": name part must consist of alphanumeric characters, '
                "'-', '_' or '.', and must start and end with an alphanumeric character, with an optional DNS "
                "subdomain prefix and '/'"
            )
        return key

    def _value(self) -> str:
        value = self.peek()
        if value is None or value == ",":
            return ""  # `key=` selects the empty value
        self.next()
        return self._checked(value)

    def _checked(self, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise self.error(
                f'values[0][key]: Invalid value: "{value}": a valid label must be an empty string or consist of '
                "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
            )
        return value

    def _values(self) -> frozenset[str]:
        token = self.next()
        if token != "(":
            raise self.error(f"found '{token or ''}' expected: '('")
        values: list[str] = []
        expecting_value = True
        while True:
            token = self.next()
            if token is None:
                raise self.error("found '', expected: ',' or ')'")
            if token in (",", ")"):
                if expecting_value:
                    values.append("")  # `in (a,)` and `in ()` hold the empty value
                expecting_value = True
                if token == ")":
                    return frozenset(values)
            elif expecting_value:
                values.append(self._checked(token))
                expecting_value = False
            else:
                raise self.error(f"found '{token}', expected: ',' or ')'")

    def _bound(self, key: str) -> int:
        text = self.next() or ""
        try:
            return int(text)
        except ValueError:
            raise self.error(
                f"values[0]: Invalid value: \"{text}\": for 'Gt', 'Lt' operators, the value must be an integer: {key}"
            ) from None


# ------------------------------------------------------------------ fields


def parse_fields(info: KindInfo, text: str | None) -> Predicate:
    """A predicate over objects for a field selector string. Raises BadRequest for bad syntax or an unknown field."""
    if not text:
        return everything
    return _parse_fields(text, info.group, info.kind, tuple(info.extra.get("selectableFields") or ()))


@lru_cache(maxsize=2048)
def _parse_fields(text: str, group: str, kind: str, declared: tuple[str, ...]) -> Predicate:
    known = ("metadata.name", "metadata.namespace", *_FIELDS.get((group, kind), ()), *declared)
    terms = [_term(part, known) for part in _split_terms(text) if part]
    if not terms:
        return everything
    if len(terms) == 1:
        return terms[0]
    return lambda obj: all(term(obj) for term in terms)


def _split_terms(text: str) -> Iterable[str]:
    """Split on commas that no backslash escapes."""
    return re.split(r"(?<!\\),", text)


def _term(part: str, known: tuple[str, ...]) -> Predicate:
    found = re.match(r"((?:[^=!\\]|\\.)*)(!=|==|=)(.*)", part, re.DOTALL)
    if found is None:
        raise BadRequest(f"invalid selector: '{part}'; can't understand '{part}'")
    field, operator, raw = found.group(1), found.group(2), found.group(3)
    value = re.sub(r"\\(.)", r"\1", raw)
    if field not in known:
        raise BadRequest(f"field label not supported: {field}" if len(known) > 2 else _UNKNOWN_FIELD % field)
    read = _reader(field)
    if operator == "!=":
        return lambda obj: read(obj) != value
    if field == "metadata.name":
        return lambda obj: obj["metadata"].get("name") == value
    return lambda obj: read(obj) == value


def _reader(field: str) -> Callable[[JsonObject], str]:
    path = tuple(_SPECIAL.get(field, field).split("."))

    def read(obj: JsonObject) -> str:
        value: Any = obj
        for step in path:
            if type(value) is not dict:
                return _default(field)
            value = value.get(step)
        return _text(value, field)

    return read


_UNKNOWN_FIELD: Final = '"%s" is not a known field selector: only "metadata.name", "metadata.namespace"'
_SPECIAL: Final = {"status.successful": "status.succeeded", "source": "source.component"}
_ZERO: Final = {
    "spec.unschedulable": "false",
    "spec.hostNetwork": "false",
    "status.replicas": "0",
    "status.successful": "0",
}


def _default(field: str) -> str:
    return _ZERO.get(field, "")


def _text(value: Any, field: str) -> str:
    if value is None:
        return _default(field)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
