"""The model beside which stores are tried: a list of versions for each key, and which revisions are still kept."""

from dataclasses import dataclass

from reference_impl.protocol import JsonObject
from reference_impl.store.port import Key


@dataclass(frozen=True, slots=True)
class Version:
    """A key's value from `revision` on; None: it does not exist."""

    revision: int
    value: JsonObject | None


class History:
    """All that was written since a tryout began, at revision `base`. What was there before is not looked at."""

    def __init__(self, base: int) -> None:
        self.base = base
        self.newest = base
        self.compacted = 0
        self._versions: dict[Key, list[Version]] = {}

    @property
    def was_compacted(self) -> bool:
        return self.compacted > self.base

    @property
    def oldest(self) -> int:
        """The oldest revision of this tryout that can be read."""
        return max(self.base, self.compacted)

    def put(self, key: Key, value: JsonObject | None) -> None:
        self.newest += 1
        self._versions.setdefault(key, []).append(Version(self.newest, value))

    def now(self, key: Key) -> Version:
        return self.at(key, self.newest)

    def at(self, key: Key, revision: int) -> Version:
        found = Version(0, None)
        for version in self._versions.get(key, ()):
            if version.revision > revision:
                break
            found = version
        return found

    def back(self, count: int) -> int:
        """The revision `count` writes ago, but of this tryout."""
        return max(self.base, self.newest - count)

    def stale_revision(self, key: Key) -> int:
        """A revision that the key has had, but not its present one; one that it never had, if there is none."""
        versions = self._versions.get(key, [])
        if len(versions) > 1:
            return versions[-2].revision
        return self.newest + 1

    def snapshot(self, revision: int, namespace: str | None = None) -> list[JsonObject]:
        """What lived at a revision, in key order."""
        living = [(key, self.at(key, revision).value) for key in sorted(self._versions)]
        return [value for key, value in living if value is not None and namespace in (None, key[1])]

    def compact(self, revision: int) -> None:
        self.compacted = revision

    def since(self, revision: int) -> list[tuple[int, Key, JsonObject | None, bool]]:
        """(revision, key, value, did it exist before) of the writes after `revision`, in order."""
        found = []
        for key, versions in self._versions.items():
            existed = False
            for version in versions:
                if version.revision > revision:
                    found.append((version.revision, key, version.value, existed))
                existed = version.value is not None
        return sorted(found, key=lambda item: item[0])
