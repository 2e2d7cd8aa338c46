"""Validation rules of custom resources: `x-kubernetes-validations`, written in CEL.

Rules are compiled once, when the CRD is accepted. One that cannot be compiled, or that uses a function this server
lacks, makes the CRD invalid; it is never skipped. Rules run only on objects that the schema found valid; a rule whose
part of the object did not change is not judged again on an update, unless it looks at `oldSelf`.

Values reach CEL with their schema's types: numbers as doubles, date-times as timestamps, durations as durations, and
property names that are no CEL identifiers escaped (`__dash__`, `__namespace__`). Not modelled: type checking against
the schema at compile time (a mistyped field fails when it is evaluated), cost limits, and set equality of lists with
list type set.

Sources: apiextensions `pkg/apiserver/schema/cel/{compilation,validation}.go`; KEP-2876; "Validation rules" in the
documentation of CustomResourceDefinitions.
"""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import cel

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.cel_functions import NAMESPACES, needed_by, unknown_among
from reference_impl.apiserver.equality import same
from reference_impl.apiserver.field_errors import Cause, Path, child, path_text
from reference_impl.apiserver.schema import MISSING, Node
from reference_impl.protocol import JsonObject

_EVALUATION_ERRORS: Final = (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError)
_RULE_VARIABLES: Final = ("self", "oldSelf")
_TYPES: Final = frozenset(["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "google"])
_BINDER: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*([A-Za-z_]\w*)\s*,")
_RESERVED: Final = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_REASONS: Final = ("FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One compiled entry of `x-kubernetes-validations`."""

    source: str
    program: cel.Program
    functions: dict[str, Callable[..., Any]]
    uses_old: bool
    optional_old: bool
    message: str
    message_program: cel.Program | None
    message_functions: dict[str, Callable[..., Any]]
    reason: str
    field_path: str


@dataclass(slots=True)
class RuleNode:
    """The rules of one schema and of what is below it. Parts of a schema without rules have no node."""

    node: Node
    convert: Callable[[Any], Any] | None
    rules: list[Rule] = field(default_factory=list)
    properties: dict[str, "RuleNode"] = field(default_factory=dict)
    additional: "RuleNode | None" = None
    items: "RuleNode | None" = None

    def evaluate(self, value: Any, old: Any, path: Path, causes: list[Cause]) -> None:
        """Append a cause for each rule that does not hold. `old` is MISSING on create and where nothing correlates."""
        if value is None:
            return
        if self.rules:
            self._evaluate_own(value, old, path, causes)
        if type(value) is dict:
            before = old if type(old) is dict else {}
            for name, part in self.properties.items():
                if name in value:
                    part.evaluate(value[name], before.get(name, MISSING), (path, name), causes)
            if self.additional is not None:
                for name, item in value.items():
                    if name not in self.node.properties:
                        self.additional.evaluate(item, before.get(name, MISSING), (path, f"[{name}]"), causes)
        elif type(value) is list and self.items is not None:
            by_key = self.node.correlated(old)
            for index, item in enumerate(value):
                previous = by_key.get(self.node.key_of(item), MISSING) if by_key else MISSING
                self.items.evaluate(item, previous, (path, index), causes)

    def _evaluate_own(self, value: Any, old: Any, path: Path, causes: list[Cause]) -> None:
        value, old = self._root(value), self._root(old)
        unchanged = old is not MISSING and same(value, old)
        variables: JsonObject | None = None
        for rule in self.rules:
            if rule.uses_old:
                if old is MISSING and not rule.optional_old:
                    continue
            elif unchanged:
                continue
            if variables is None:
                variables = {"self": self.convert(value) if self.convert else value}
            if rule.uses_old:
                before = old if old is MISSING or self.convert is None else self.convert(old)
                variables = {**variables, "oldSelf": _old_self(before, rule.optional_old)}
            problem = _judge(rule, variables)
            if problem is not None:
                causes.append(_cause(rule, problem, path, self.node))

    def _root(self, value: Any) -> Any:
        """Of a whole object, rules see the names in metadata and nothing else of it."""
        if not (self.node.is_root or self.node.embedded) or type(value) is not dict:
            return value
        metadata = value.get("metadata") or {}
        seen = {key: metadata[key] for key in ("name", "generateName") if key in metadata}
        return {**value, "metadata": seen}


def _old_self(old: Any, optional: bool) -> Any:
    if not optional:
        return old
    return cel.OptionalValue.none() if old is MISSING else cel.OptionalValue.of(old)


def _run(program: cel.Program, functions: dict[str, Callable[..., Any]], variables: JsonObject) -> Any:
    if not functions:
        return program.execute(variables)
    return program.execute(cel.Context(variables=variables, functions=functions))


def evaluate(program: cel.Program, variables: JsonObject) -> Any:
    """What the expression comes to. Raises ValueError: it cannot be evaluated for these values."""
    try:
        return _run(program, needed_by(program.functions()), variables)
    except _EVALUATION_ERRORS as error:
        raise ValueError(f"no such key: {error.args[0]}" if isinstance(error, KeyError) else str(error)) from None


def _judge(rule: Rule, variables: JsonObject) -> str | None:
    """What to say about the rule; None if it holds."""
    try:
        if _run(rule.program, rule.functions, variables) is True:
            return None
    except _EVALUATION_ERRORS as error:
        why = f"no such key: {error.args[0]}" if isinstance(error, KeyError) else str(error)
        return f"{why} evaluating rule: {rule.message or rule.source}"
    if rule.message_program is not None:
        try:
            text = _run(rule.message_program, rule.message_functions, variables)
        except _EVALUATION_ERRORS:
            text = None
        if isinstance(text, str) and text.strip() and "\n" not in text:
            return text.strip()
    return rule.message or f"failed rule: {rule.source}"


def _cause(rule: Rule, problem: str, path: Path, node: Node) -> Cause:
    place = path_text(path) if path is not None else ""
    if rule.field_path:
        place = f"{place}{rule.field_path}" if place else rule.field_path.removeprefix(".")
    place = place or "<nil>"
    if rule.reason == "FieldValueForbidden":
        return field_errors.forbidden(place, problem)
    if rule.reason == "FieldValueRequired":
        return field_errors.required(place, problem)
    if rule.reason == "FieldValueDuplicate":
        return field_errors.duplicate(place, node.type)
    return field_errors.invalid_value(place, node.type or "object", problem)


# ------------------------------------------------------------------ compiling


def compile_rules(node: Node, place: str, refused: list[Cause], *, correlatable: bool = True) -> RuleNode | None:
    """The rules below `node`, or None if there are none.

    What makes the CRD invalid is appended to `refused`, with its path in the CRD, which starts with `place`.
    """
    found = RuleNode(node, _converter(node))
    for index, entry in enumerate(node.source.get("x-kubernetes-validations") or ()):
        where = f"{place}.x-kubernetes-validations[{index}]"
        rule = _compile_rule(entry, where, refused, correlatable=correlatable)
        if rule is not None:
            found.rules.append(rule)
    below = correlatable and node.source.get("x-kubernetes-map-type") != "atomic"
    for name, part in node.properties.items():
        compiled = compile_rules(part, f"{place}.properties[{name}]", refused, correlatable=below)
        if compiled is not None:
            found.properties[name] = compiled
    if node.additional is not None:
        found.additional = compile_rules(node.additional, f"{place}.additionalProperties", refused, correlatable=below)
    if node.items is not None:
        below = correlatable and node.list_type == "map"
        found.items = compile_rules(node.items, f"{place}.items", refused, correlatable=below)
    return found if found.rules or found.properties or found.additional or found.items else None


def _compile_rule(entry: JsonObject, where: str, refused: list[Cause], *, correlatable: bool) -> Rule | None:
    source = str(entry.get("rule") or "").strip()
    if not source:
        refused.append(field_errors.required(child(where, "rule"), "rule is not specified"))
        return None
    compiled = _compile(source, child(where, "rule"), refused)
    expression = entry.get("messageExpression")
    message = _compile(expression, child(where, "messageExpression"), refused) if expression else None
    reason = entry.get("reason") or "FieldValueInvalid"
    if reason not in _REASONS:
        refused.append(field_errors.not_supported(child(where, "reason"), reason, list(_REASONS)))
    if compiled is None or (expression and message is None):
        return None
    uses_old = "oldSelf" in compiled.variables()
    if uses_old and not correlatable:
        why = "oldSelf cannot be used on the uncorrelatable portion of the schema"
        refused.append(field_errors.invalid_value(child(where, "rule"), source, why))
    if entry.get("optionalOldSelf") is not None and not uses_old:
        why = "option optionalOldSelf may only be set if oldSelf is referenced"
        refused.append(field_errors.invalid_value(child(where, "optionalOldSelf"), entry["optionalOldSelf"], why))
    return Rule(
        source=source,
        program=compiled,
        functions=needed_by(compiled.functions()),
        uses_old=uses_old,
        optional_old=bool(entry.get("optionalOldSelf")),
        message=str(entry.get("message") or "").strip(),
        message_program=message,
        message_functions=needed_by(message.functions()) if message is not None else {},
        reason=reason,
        field_path=str(entry.get("fieldPath") or ""),
    )


def _compile(source: str, where: str, refused: list[Cause]) -> cel.Program | None:
    return compile_expression(source, _RULE_VARIABLES, where, refused)


def compile_expression(source: str, variables: Iterable[str], where: str, refused: list[Cause]) -> cel.Program | None:
    """The expression over these variables; None, and causes in `refused`, if it cannot be evaluated here."""
    try:
        program = cel.compile(source)
    except ValueError as error:
        why = f"compilation failed: {str(error).splitlines()[0]}"
        refused.append(field_errors.invalid_value(where, source, why))
        return None
    bound = {*_BINDER.findall(source), *NAMESPACES, *_TYPES, *variables}
    undeclared = [name for name in program.variables() if name not in bound]
    undeclared += unknown_among(program.functions())
    for name in undeclared:
        why = f"compilation failed: undeclared reference to '{name}' (this server has no such variable or function)"
        refused.append(field_errors.invalid_value(where, source, why))
    return None if undeclared else program


# ------------------------------------------------------------------ from JSON to CEL values


def _converter(node: Node) -> Callable[[Any], Any] | None:
    """How to turn JSON of this schema into what CEL sees; None if it is the same."""
    if node.int_or_string:
        return None
    if node.type == "number":
        return lambda value: float(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if node.type == "integer":
        return None
    if node.type == "string":
        return _STRINGS.get(node.source.get("format") or "")
    if node.type == "array":
        inner = _converter(node.items) if node.items is not None else None
        return None if inner is None else lambda value: [inner(item) for item in value]
    return _object_converter(node)


def _object_converter(node: Node) -> Callable[[Any], Any] | None:
    names = {name: _escaped(name) for name in node.properties if _escaped(name) != name}
    parts = {name: found for name, part in node.properties.items() if (found := _converter(part)) is not None}
    rest = _converter(node.additional) if node.additional is not None else None
    if not names and not parts and rest is None:
        return None

    def convert(value: Any) -> Any:
        if type(value) is not dict:
            return value
        result: JsonObject = {}
        for name, item in value.items():
            change = parts.get(name) if name in node.properties else rest
            result[names.get(name) or name] = item if change is None or item is None else change(item)
        return result

    return convert


def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    name = name.replace("__", "__underscores__")
    return name.replace(".", "__dot__").replace("-", "__dash__").replace("/", "__slash__")


def _timestamp(text: Any) -> Any:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


_UNITS_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _duration(text: Any) -> Any:
    parts = re.findall(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)", text)
    total_s = sum(float(amount) * _UNITS_S[unit] for amount, unit in parts)
    return timedelta(seconds=-total_s if text.startswith("-") else total_s)


_STRINGS: Final[dict[str, Callable[[Any], Any]]] = {
    "date-time": _timestamp,
    "date": _timestamp,
    "duration": _duration,
    "byte": base64.b64decode,
}
