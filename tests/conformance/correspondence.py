"""What of two servers' answers may differ: names that a server chooses, and which of one stands for which of the other.

Both servers heard the same requests, so what they chose can be paired as it first turns up, and each pair must hold for
ever after:

- **uids**: one to one.
- **revisions** of objects: one to one, so that a write that changed something on one side only shows. Revisions of
  lists and bookmarks: only their order must agree, since a real server has other things to write in between.
- **generated names**: one to one, where prefix and length agree; **continue tokens**: as they come.
- **times**: anything for anything of the same form.

What a client later sends of this (a uid in an owner reference, a resourceVersion, a name in a path) is translated
before it is played.
"""

import re
from typing import Any, Final

UID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES: Final = (
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
    re.compile(r"(?:\d+[ydhms])+"),  # how old something is, in a Table
)
_REVISION: Final = re.compile(r"(?<=resource version: )\d+(?: \(\d+\)|, current: \d+)?|(?<=in record )\(\d+\)")
_SUFFIX: Final = 5
"""Characters that a server appends to generateName (apiserver `storage/names/generate.go`)."""


class Correspondence:
    """Recorded -> ours, learnt from answers that are held against each other."""

    def __init__(self) -> None:
        self._uids: dict[str, str] = {}
        self._uids_back: dict[str, str] = {}
        self._revisions: dict[str, str] = {}
        self._revisions_back: dict[str, str] = {}
        self._lists: dict[int, int] = {}
        self._names: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    # -------------------------------------------------------------------------------------------------------- pairs

    def are_uids(self, recorded: str, ours: str) -> bool | None:
        """Do they stand for each other? None if these are no uids."""
        if not (UID.fullmatch(recorded) and UID.fullmatch(ours)):
            return None
        return _pair(self._uids, self._uids_back, recorded, ours)

    def are_revisions(self, recorded: str, ours: str, *, is_told: bool) -> bool:
        """`is_told`: by the answer to a write or by an event; what a server wrote before anybody came has no order."""
        if not (recorded.isdecimal() and ours.isdecimal()):
            return recorded == ours
        if is_told:
            self._lists[int(recorded)] = max(int(ours), self._lists.get(int(recorded), 0))
        return _pair(self._revisions, self._revisions_back, recorded, ours)

    def are_list_revisions(self, recorded: str, ours: str) -> bool:
        if not (recorded.isdecimal() and ours.isdecimal()):
            return recorded == ours
        return self._in_order(int(recorded), int(ours))

    def are_generated(self, recorded: str, ours: str, prefix: str) -> bool:
        """A name that the server completed."""
        if not (recorded.startswith(prefix) and ours.startswith(prefix)):
            return False
        if len(recorded) != len(ours) or len(recorded) - len(prefix) != _SUFFIX:
            return False
        return self._names.setdefault(recorded, ours) == ours

    def are_names(self, recorded: str, ours: str) -> bool:
        return self._names.get(recorded, recorded) == ours

    def are_tokens(self, recorded: str, ours: str) -> bool:
        self._tokens[recorded] = ours
        return bool(recorded) == bool(ours)

    def _in_order(self, recorded: int, ours: int) -> bool:
        """Later there is later here, or the same: never earlier."""
        wrong = any(
            (other > recorded and mine < ours) or (other < recorded and mine > ours)
            for other, mine in self._lists.items()
        )
        self._lists[recorded] = max(ours, self._lists.get(recorded, 0))
        return not wrong

    # --------------------------------------------------------------------------------------------------- translation

    def text(self, recorded: str) -> str:
        """A text of the recording as our server would say it: uids and generated names replaced."""
        found = UID.sub(lambda match: self._uids.get(match[0], match[0]), recorded)
        for name, ours in self._names.items():
            found = found.replace(name, ours)
        return found

    def revision(self, recorded: str) -> str:
        """A revision that a client was told and now names. Of one that no object had: the newest that is not later."""
        if recorded in self._revisions:
            return self._revisions[recorded]
        if not recorded.isdecimal() or recorded == "0":
            return recorded
        known = [each for each in self._lists if each <= int(recorded)]
        return str(self._lists[max(known)]) if known else recorded

    def token(self, recorded: str) -> str:
        return self._tokens.get(recorded, recorded)

    def request(self, value: Any, key: str = "") -> Any:
        """A body as it must be sent to our server."""
        if isinstance(value, dict):
            return {name: self.request(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self.request(each, key) for each in value]
        if not isinstance(value, str):
            return value
        if key == "resourceVersion":
            return self.revision(value)
        return self._names.get(value) or self.text(value)


def are_times(recorded: str, ours: str) -> bool:
    return any(form.fullmatch(recorded) and form.fullmatch(ours) for form in _TIMES)


def without_revisions(text: str) -> str:
    """A message whose numbers are revisions, without them."""
    return _REVISION.sub("N", text)


def _pair(forward: dict[str, str], back: dict[str, str], recorded: str, ours: str) -> bool:
    """Are they a pair? If not they are one from now on, so that one difference is not told again and again."""
    is_pair = forward.get(recorded, ours) == ours and back.get(ours, recorded) == recorded
    forward[recorded], back[ours] = ours, recorded
    return is_pair
