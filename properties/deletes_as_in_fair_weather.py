"""No object is deleted and made again more often than in fair weather.

The end state may be right although something was taken down and made again on the way: a proxy, a Secret, a volume. So
the counts over the whole run are compared with those of the fair-weather runs of the same workload, name by name, where
these agree with each other. Not judged, as there the weather alone may cost a few more: objects with generated names (a
Pod too many is deleted again, whoever made it), objects that are deleted in fair weather already (what goes with its
owner may be made and collected again until its controller has heard of it), and objects that a user deleted.

Opt-in: all of Sieve's false alarms came from this. To delete and create again may be how a controller updates.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_writers, is_full_rest, is_program
from properties.wording import first
from reference_impl.objects import group_of

_FAULTS = ("owned_deleted", "vandalism", "dependency_corrupted", "node_crash", "node_partition", "kubelet_restart")
"""After these something has to be made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletesAsInFairWeather:
    name: str = "deletes_as_in_fair_weather"
    source: str = "Sieve (OSDI'22), state-update summaries: K8SPXC-725, rabbitmq#653, yugabyte-operator#35"
    voided_by: tuple[str, ...] = _FAULTS
    when: str = "at_rest"
    opt_in: bool = True

    def applies(self, trial: Any) -> bool:
        return has_writers(trial)

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view) or any(view.fault_fired(fault) for fault in self.voided_by):
            return ABSENT
        usual = view.fair_weather_counts()
        if usual is None:
            return ABSENT
        counts = view.commit_counts()
        by_users = {
            _role(change.ref): None
            for change in view.changes()
            if change.verb.startswith("delete") and not is_program(view, change.component)
        }
        lines = [
            f"{role} was created {counts[role][0]} and deleted {counts[role][1]} times, in fair weather {created} and 0"
            for role, (created, deleted) in usual.items()
            if "*" not in role and not deleted and role in counts and counts[role][1] and role not in by_users
        ]
        if not lines:
            return HOLDS
        kind = lines[0].partition("/")[0]
        return Judgement.violated(first(lines), key=kind)


def _role(ref: ObjectRef) -> str:
    """Of an object with a name of its own, as the counts have it: "Deployment.apps/default/front", "Node/node-0"."""
    group = group_of(ref.api_version)
    return "/".join(
        [f"{ref.kind}.{group}" if group else ref.kind, *([ref.namespace] if ref.namespace else []), ref.name]
    )
