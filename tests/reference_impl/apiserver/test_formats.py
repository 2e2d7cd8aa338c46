"""Formats and RE2 patterns."""

import pytest

from reference_impl.apiserver.formats import FORMATS, UnsupportedPattern, compile_pattern


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2026-01-31T10:00:00Z", "2026-02-31T10:00:00Z"),
        ("date-time", "2026-01-31T10:00:00.123456789+02:00", "yesterday"),
        ("date", "2026-01-31", "2026-13-01"),
        ("duration", "1h30m", "1 fortnight"),
        ("byte", "aGk=", "a"),
        ("uuid", "00000000-0000-0000-0000-000000000000", "0"),
        ("uuid4", "11111111-1111-4111-8111-111111111111", "11111111-1111-1111-8111-111111111111"),
        ("uri", "https://e.com/x", "nothing"),
        ("email", "a@b.c", "a b"),
        ("hostname", "a.example.com", "-a"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv6", "::1", "10.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0/33"),
        ("mac", "01:23:45:67:89:ab", "01:23"),
    ],
)
def test_a_format_tells_good_from_bad(name: str, good: str, bad: str) -> None:
    assert FORMATS[name](good)
    assert not FORMATS[name](bad)


def test_dollar_means_the_end_and_not_before_a_last_newline() -> None:
    assert compile_pattern("^a$").search("a")
    assert not compile_pattern("^a$").search("a\n")
    assert compile_pattern(r"^a\$$").search("a$")
    assert compile_pattern("[$]").search("$")


def test_posix_classes_and_end_of_text_are_translated() -> None:
    assert compile_pattern(r"^[[:alpha:]_]+\z").search("ab_")
    assert not compile_pattern(r"^[[:alpha:]]+\z").search("a1")


def test_classes_are_ascii_as_in_re2() -> None:
    assert not compile_pattern(r"^\d$").search("٣")


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"\pL", r"(a)\1", "a++"])
def test_what_re2_lacks_or_python_lacks_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPattern):
        compile_pattern(pattern)
