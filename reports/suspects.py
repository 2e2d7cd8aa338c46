"""Those who are under test, and what they did before a violation: among this the wrong write is sought."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reports.acts import name_of, sender_of
from reports.facts import datum
from reports.ledger import kind_of, metadata_of
from reports.telling import BACKGROUND_KINDS, DELETION_MARK

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run


class Suspects:
    """See the module. A trace that does not say who is under test suspects everybody."""

    def __init__(self, run: "Run", violation: "TraceEvent") -> None:
        self.run, self.ledger, self.violation = run, run.ledger, violation
        self.under_test = run.facts.under_test

    def is_theirs(self, event: "TraceEvent") -> bool:
        return not self.under_test or sender_of(event) in self.under_test

    def is_write(self, event: "TraceEvent") -> bool:
        """An effect in the store or outside, by a component under test, and no upkeep."""
        effect = event.kind == "commit" or (event.kind == "external" and event.data.get("phase") == "effect")
        effective = datum(event, "effective") is not False and event.step < self.violation.step
        return effect and effective and self.is_theirs(event) and kind_of(event) not in BACKGROUND_KINDS

    def writes(self, names: Iterable[str] = ()) -> "list[TraceEvent]":
        wanted = tuple(names)
        writes = [event for event in self.run.trace.events if self.is_write(event)]
        return [event for event in writes if not wanted or name_of(event) in wanted]

    def last_of_users(self) -> int:
        """Step of the last commit of a user before the end; 0 if there is none."""
        acts = (event.step for event in self.run.trace.events if event.kind == "commit" and sender_of(event) == "user")
        return max((step for step in acts if step < self.violation.step), default=0)

    def last_pass(self, name: str) -> "TraceEvent | None":
        events = [event for event in self.run.trace.events if event.step < self.violation.step]
        begun = [event for event in events if event.kind == "reconcile" and self.is_theirs(event)]
        writers = {sender_of(event) for event in self.writes() if kind_of(event) == name.partition("/")[0]}
        begun = [event for event in begun if event.component in writers] or begun
        rest = name.partition("/")[2]
        namespace = rest.rpartition("/")[0]
        wanted = [f"{namespace}/{one.get('name')}".lstrip("/") for one in self.owners(name, self.violation.step)]
        for one in (*wanted, rest):
            exact = [event for event in begun if event.object == one]
            if exact:
                return exact[-1]
        return begun[-1] if begun else None

    def owners(self, name: str, before: int) -> list[dict[str, Any]]:
        for event in reversed(self.ledger.commits.get(name, ())):
            references = metadata_of(event).get("ownerReferences")
            if event.step < before and references:
                return [one for one in references if isinstance(one, dict)]
        return []

    def killer(self, deletion: "TraceEvent") -> "TraceEvent | None":
        """Who under test brought a deletion about: itself, by the mark before it, or by deleting the owner."""
        if self.is_write(deletion):
            return deletion
        if sender_of(deletion) == "user":
            return None
        for event in reversed(self.ledger.commits[deletion.object]):
            if any(str(change).startswith(DELETION_MARK) for change in datum(event, "changed") or ()):
                return event if self.is_write(event) else None
        owners = {str(one.get("uid")) for one in self.owners(deletion.object, deletion.step)}
        gone = [event for event in self.writes() if datum(event, "fact") == "DELETED" and event.step < deletion.step]
        uids = [(event, (self.ledger.value_before(event).get("metadata") or {}).get("uid")) for event in gone]
        return next((event for event, uid in reversed(uids) if uid in owners), None)
