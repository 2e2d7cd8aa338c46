"""CEL functions that Kubernetes adds to the language, for a library that has the core only.

In this CEL library a function's receiver is its first argument, so `quantity(s).isLessThan(x)` calls
`isLessThan(quantity(s), x)`. Opaque types do not exist: a quantity is its normalised decimal text, a URL, an IP address
and a CIDR their text, which keeps `==` right. Not provided, so that a rule which uses them is refused: `format`,
`semver`, `authorizer`, two-variable comprehensions, `cel.bind`, `optMap`.

Source: Kubernetes documentation, "Common Expression Language in Kubernetes", the CEL options table.
"""

import ipaddress
import itertools
import urllib.parse
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import cel
import cel.stdlib

from reference_impl.apiserver.formats import compile_pattern

_SUFFIXES: Final = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1), "k": Decimal("1e3"),
    "M": Decimal("1e6"), "G": Decimal("1e9"), "T": Decimal("1e12"), "P": Decimal("1e15"), "E": Decimal("1e18"),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}  # fmt: skip


def _amount(text: Any) -> Decimal:
    """The value of a Kubernetes quantity. Raises ValueError."""
    match = compile_pattern(r"^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$").search(str(text))
    if match is None or match.group(2) not in _SUFFIXES:
        raise ValueError(f"quantities must match the regular expression of resource.Quantity, not {text!r}")
    try:
        return Decimal(match.group(1)) * _SUFFIXES[match.group(2)]
    except InvalidOperation:
        raise ValueError(f"unable to parse quantity {text!r}") from None


def _quantity(text: str) -> str:
    return format(_amount(text).normalize(), "f")


def _succeeds(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _compare(left: str, right: str) -> int:
    difference = _amount(left) - _amount(right)
    return (difference > 0) - (difference < 0)


def _as_integer(text: str) -> int:
    amount = _amount(text)
    if amount != amount.to_integral_value():
        raise ValueError(f"cannot convert value to integer: {text}")
    return int(amount)


def _add(left: str, right: Any) -> str:
    return format((_amount(left) + _amount(right)).normalize(), "f")


def _sub(left: str, right: Any) -> str:
    return format((_amount(left) - _amount(right)).normalize(), "f")


def _sign(value: Any) -> int:
    amount = _amount(value)
    return (amount > 0) - (amount < 0)


def _url(text: str) -> str:
    parsed = urllib.parse.urlsplit(text)
    if not parsed.scheme and not text.startswith("/"):
        raise ValueError(f"URL parse error during conversion from string: {text!r} is neither absolute nor a path")
    return text


def _host(text: str) -> str:
    return urllib.parse.urlsplit(text).netloc.rpartition("@")[2]


def _hostname(text: str) -> str:
    return urllib.parse.urlsplit(text).hostname or ""


def _port(text: str) -> str:
    port = urllib.parse.urlsplit(text).port
    return "" if port is None else str(port)


def _find(text: str, pattern: str) -> str:
    match = compile_pattern(pattern).search(text)
    return match.group() if match is not None else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in compile_pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def _ip(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _cidr(text: str) -> str:
    return ipaddress.ip_interface(text).with_prefixlen if "/" in text else _refuse_cidr(text)


def _refuse_cidr(text: str) -> str:
    raise ValueError(f"network address parse error during conversion from string: {text!r} has no prefix length")


def _contains_ip(network: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)


def _contains_cidr(network: str, other: str) -> bool:
    outer, inner = ipaddress.ip_network(network, strict=False), ipaddress.ip_network(other, strict=False)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]


def _is_sorted(items: list[Any]) -> bool:
    return all(a <= b for a, b in itertools.pairwise(items))


def _index_of(value: Any, item: Any, start: int = 0) -> int:
    if isinstance(value, str):
        return value.find(item, start)
    return next((index for index, other in enumerate(value) if other == item), -1)


def _last_index_of(value: Any, item: Any, end: int | None = None) -> int:
    if isinstance(value, str):
        return value.rfind(item) if end is None else value.rfind(item, 0, end + len(item))
    return next((index for index in range(len(value) - 1, -1, -1) if value[index] == item), -1)


def _stdlib() -> dict[str, Callable[..., Any]]:
    context = cel.Context()
    cel.stdlib.add_stdlib_to_context(context)
    return dict(context.functions)


LIBRARY: Final[dict[str, Callable[..., Any]]] = {
    **_stdlib(),
    "quantity": _quantity,
    "isQuantity": _succeeds(_amount),
    "isLessThan": lambda a, b: _compare(a, b) < 0,
    "isGreaterThan": lambda a, b: _compare(a, b) > 0,
    "compareTo": _compare,
    "isInteger": _succeeds(_as_integer),
    "asInteger": _as_integer,
    "asApproximateFloat": lambda text: float(_amount(text)),
    "add": _add,
    "sub": _sub,
    "sign": _sign,
    "url": _url,
    "isURL": _succeeds(_url),
    "getScheme": lambda text: urllib.parse.urlsplit(text).scheme,
    "getHost": _host,
    "getHostname": _hostname,
    "getPort": _port,
    "getEscapedPath": lambda text: urllib.parse.quote(urllib.parse.urlsplit(text).path, safe="/%"),
    "getQuery": lambda text: urllib.parse.parse_qs(urllib.parse.urlsplit(text).query),
    "find": _find,
    "findAll": _find_all,
    "ip": _ip,
    "isIP": _succeeds(ipaddress.ip_address),
    "family": lambda text: ipaddress.ip_address(text).version,
    "cidr": _cidr,
    "isCIDR": _succeeds(_cidr),
    "containsIP": _contains_ip,
    "containsCIDR": _contains_cidr,
    "prefixLength": lambda text: ipaddress.ip_network(text, strict=False).prefixlen,
    "isSorted": _is_sorted,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
}
"""Functions by the name a rule calls them by; dotted names (`math.greatest`) belong to a namespace."""

NATIVE: Final = frozenset(
    [
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "int",
        "uint",
        "double",
        "string",
        "bytes",
        "timestamp",
        "duration",
        "dyn",
        "type",
        "getFullYear",
        "getMonth",
        "getDayOfYear",
        "getDayOfMonth",
        "getDate",
        "getDayOfWeek",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
        "hasValue",
        "value",
        "orValue",
        "or",
        "of",
        "ofNonZeroValue",
        "none",
    ]
)
"""Functions that the CEL library brings along."""

NAMESPACES: Final = frozenset(["optional", *(name.partition(".")[0] for name in LIBRARY if "." in name)])
"""Names that look like variables and are not."""


def needed_by(names: list[str]) -> dict[str, Callable[..., Any]]:
    """The library functions among the function names that a program refers to."""
    wanted = frozenset(names)
    return {name: function for name, function in LIBRARY.items() if name.rpartition(".")[2] in wanted}


def unknown_among(names: list[str]) -> list[str]:
    """Names of functions that neither the library nor the language has; operators are part of the language."""
    last = {name.rpartition(".")[2] for name in LIBRARY}
    return [name for name in names if name[0] not in "_@!-" and name not in NATIVE and name not in last]
