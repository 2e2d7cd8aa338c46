"""Who reconciles an object does not keep rewriting its spec: its generation follows its users.

Counted for each object that a user made, and each component under test: its spec writes since a user last wrote the
spec. A controller that writes its defaults into a spec does so once; one that writes them, loses them and writes them
again keeps everybody who watches the object busy. All copies and lives of a component count as one.

Opt-in: some controllers are there to write specs (an autoscaler follows its metrics, another one a ConfigMap, and not
the object's users), and how often is their own business.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Change, Judgement, View
from properties.subject import ABSENT, has_writers, is_act, is_program, is_under_test, program_of
from properties.wording import changed_fields
from reference_impl.objects import is_deleting, uid_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationFollowsUsers:
    name: str = "generation_follows_users"
    source: str = (
        "actions-runner-controller#1643 (generation 50597); https://github.com/kubernetes/community/blob/master/"
        "contributors/devel/sig-architecture/api-conventions.md#metadata"
    )
    voided_by: tuple[str, ...] = ("a controller whose work it is to write specs",)
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})
    opt_in: bool = True
    most_count: int = 2
    """Spec writes of a component after one of a user's. Arbitrary: its own, and one more for two users at a time."""

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or not is_act(change) or not is_under_test(view, change.component):
            return ABSENT
        if change.after is None or not _writes_spec(change) or not _is_a_users(view, change.after):
            return HOLDS
        uid, me = uid_of(change.after), program_of(view, change.component)
        own_count = 0
        for past in view.changes():
            if past.ref != change.ref or past.after is None or uid_of(past.after) != uid or not _writes_spec(past):
                continue
            if program_of(view, past.component) == me:
                own_count += 1
            elif not is_program(view, past.component):
                own_count = 0
        if own_count <= self.most_count:
            return HOLDS
        reason = (
            f"{me} wrote the spec of {change.ref} {own_count} times after its users had written it last; the last time "
            f"{changed_fields(change.before, change.after)}"
        )
        return Judgement.violated(reason, [change.ref], key=f"{change.ref.kind} {me}")


def _is_a_users(view: View, obj: JsonObject) -> bool:
    creator = view.creator(uid_of(obj))
    return creator is not None and not is_program(view, creator[0])


def _writes_spec(change: Change) -> bool:
    """Did it raise the generation, or begin it? A deletion raises it as well, and writes nothing."""
    before, after = change.before, change.after
    if before is None or after is None:
        return after is not None
    raised = before["metadata"].get("generation") != after["metadata"].get("generation")
    return raised and is_deleting(before) == is_deleting(after)
