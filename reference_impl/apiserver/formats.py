"""String formats and patterns of structural schemas.

Patterns are written for Go's RE2 and run here on Python's `re`: `compile_pattern` translates what differs and refuses
what it cannot translate, so that a pattern never quietly means something else. The formats are those that
apiextensions checks; a name it does not know is ignored, as in Kubernetes.

Sources: apiextensions `pkg/apiserver/validation/formats.go`; go-openapi/strfmt; RE2 syntax.
"""

import base64
import binascii
import ipaddress
import re
import urllib.parse
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Final

_POSIX: Final = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z", "space": r"\t\n\v\f\r ",
    "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": "0-9A-Za-z_", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "print": " -~", "graph": "!-~", "ascii": r"\x00-\x7f",
}  # fmt: skip


class UnsupportedPattern(ValueError):
    """A regular expression that RE2 refuses, or that has no equal in Python."""


@lru_cache(maxsize=4096)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The Python equivalent of an RE2 pattern; search with it. Raises UnsupportedPattern."""
    try:
        return re.compile(_translated(pattern), re.ASCII)
    except re.error as error:
        raise UnsupportedPattern(f"{pattern!r}: {error}") from None


def _translated(pattern: str) -> str:
    if re.search(r"\(\?[=!]|\(\?<[=!]|(?<!\\)[*+?}]\+", pattern):
        raise UnsupportedPattern(f"{pattern!r}: RE2 has no look-around and no possessive repetition")
    multiline = re.match(r"\(\?[is]*m", pattern) is not None
    out: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            out.append(_escape(pattern, at))
            at += 2
            continue
        if in_class:
            posix = re.match(r"\[:(\w+):\]", pattern[at:])
            if posix is not None and posix.group(1) in _POSIX:
                out.append(_POSIX[posix.group(1)])
                at += posix.end()
                continue
            out.append("\\[" if char == "[" else char)
            in_class = char != "]"
        elif char == "[":
            in_class = True
            opening = re.match(r"\[\^?\]?", pattern[at:])
            text = opening.group() if opening is not None else char
            out.append(text.replace("]", "\\]"))
            at += len(text)
            continue
        else:
            out.append(r"\Z" if char == "$" and not multiline else char)
        at += 1
    return "".join(out)


def _escape(pattern: str, at: int) -> str:
    following = pattern[at + 1 : at + 2]
    if following == "z":
        return r"\Z"
    if following in ("p", "P", "Q", "C"):
        raise UnsupportedPattern(f"{pattern!r}: \\{following} is not supported here; list the characters in a class")
    if following.isdigit() and following != "0":
        raise UnsupportedPattern(f"{pattern!r}: RE2 has no back-references")
    return pattern[at : at + 2]


# ------------------------------------------------------------------ formats

_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_DURATION: Final = re.compile(r"[-+]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+|0", re.ASCII)
_WORDED_DURATION: Final = re.compile(
    r"\d+\s*(ns|nano|us|µs|micro|ms|milli|s|sec|secs|second|seconds|m|min|mins|minute|minutes|h|hr|hours?|d|days?|w|"
    r"wk|weeks?)", re.ASCII | re.IGNORECASE
)  # fmt: skip
_EMAIL: Final = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")
_HOSTNAME: Final = re.compile(r"(?=.{1,253}\Z)[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?"
                              r"(\.[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?)*\.?", re.ASCII)  # fmt: skip
_UUID: Final = r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?%s[0-9a-fA-F]{3}-?%s[0-9a-fA-F]{3}-?[0-9a-fA-F]{12}"
_MAC: Final = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5,7}|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2,3}")
_SHORT_NAME: Final = re.compile(r"(?=.{1,63}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_LONG_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def _full(expression: re.Pattern[str] | str) -> Callable[[str], bool]:
    compiled = re.compile(expression, re.ASCII) if isinstance(expression, str) else expression
    return lambda text: compiled.fullmatch(text) is not None


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _is_date_time(text: str) -> bool:
    if _DATE_TIME.fullmatch(text) is None:
        return False
    return _parses(datetime.fromisoformat)(re.sub(r"\.\d+", "", text.upper()).replace(" ", "T"))


def _is_uri(text: str) -> bool:
    try:
        parsed = urllib.parse.urlsplit(text)
    except ValueError:
        return False
    return bool(parsed.scheme) or text.startswith("/")


def _is_byte(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None or _WORDED_DURATION.fullmatch(text.strip()) is not None


FORMATS: Final[dict[str, Callable[[str], bool]]] = {
    "bsonobjectid": _full(r"[0-9a-fA-F]{24}"),
    "byte": _is_byte,
    "cidr": _parses(ipaddress.ip_interface),
    "date": _parses(date.fromisoformat),
    "date-time": _is_date_time,
    "datetime": _is_date_time,
    "duration": _is_duration,
    "email": _full(_EMAIL),
    "hexcolor": _full(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "hostname": _full(_HOSTNAME),
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "k8s-long-name": _full(_LONG_NAME),
    "k8s-short-name": _full(_SHORT_NAME),
    "mac": _full(_MAC),
    "rgbcolor": _full(r"rgb\(\s*\d{1,3}%?\s*,\s*\d{1,3}%?\s*,\s*\d{1,3}%?\s*\)"),
    "ssn": _full(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "uri": _is_uri,
    "uuid": _full(_UUID % ("[0-9a-fA-F]", "[0-9a-fA-F]")),
    "uuid3": _full(_UUID % ("3", "[0-9a-fA-F]")),
    "uuid4": _full(_UUID % ("4", "[89abAB]")),
    "uuid5": _full(_UUID % ("5", "[89abAB]")),
}
"""Whether a string has the format, by the format's name."""

REFUSED_FORMATS: Final = ("creditcard", "isbn", "isbn10", "isbn13")
"""Checked by Kubernetes, not modelled here: a CRD that uses one is refused."""

INTEGER_RANGES: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
