"""The workload: what is there before the users come, what they create, and what else they might do.

Workload and weather are separate lists in a schedule: a controller must cope with the first on a sunny day, and a
workload that does not converge in fair weather says nothing about storms. So generated workloads are few, sensible and
mostly short, and each is tried against the schema first: every action was accepted once by a throw-away API server on
which nothing but users acted.

Not modelled here: spacing between actions (the machine's), and users whose objects have generated names.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.actions import Action, describe
from harness.contract import ObjectRef
from harness.edits import merge_patch, value_at
from harness.rehearsal import SET_UP, Cast, Rehearsal, kind_of, target_of
from harness.user import perform
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from harness.trial import Trial

__all__ = ["WorkloadPool", "describe", "initial", "perform", "setup_objects"]

_LABEL = "seatrial.dev/touched"


def setup_objects(trial: "Trial") -> list[JsonObject]:
    """CustomResourceDefinitions and Namespaces of the manifests: there before step 0, not actions."""
    return [obj for obj in trial.objects if obj["kind"] in SET_UP]


def initial(trial: "Trial") -> list[Action]:
    """The creates of all other manifests, in order; left out are those that an explicit workload creates itself."""
    explicit = trial.workload if isinstance(trial.workload, tuple) else ()
    created = [ObjectRef.to(action["object"]) for action in explicit if action["do"] in ("create", "apply")]
    return [
        {"do": "create", "object": obj}
        for obj in trial.objects
        if obj["kind"] not in SET_UP and ("name" not in obj["metadata"] or ObjectRef.to(obj) not in created)
    ]


def beginning(trial: "Trial") -> list[Action]:
    """What users do before anything is varied: the manifests, and the whole of an explicit workload."""
    first = initial(trial)
    if isinstance(trial.workload, tuple):
        return [*first, *trial.workload]
    return [*first, {"do": "program"}] if callable(trial.workload) else first


class WorkloadPool:
    """Sequences of further user actions, after `initial`.

    Args:
        seed: the pool is a pure function of the trial's manifests, edits, facts and this.
        size: how many different ones, at most (a trial with little to do has fewer).
        length: the longest.

    Raises:
        UsageError: `edits` name a kind or a value that no given object accepts.
    """

    def __init__(self, trial: "Trial", seed: int, size: int = 24, length: int = 8) -> None:
        self.workloads: list[list[Action]] = []
        self._random = random.Random(f"workload/{seed}")
        self._cast = Cast(trial)
        for plan in self._simple():
            self._keep(plan)
        for _ in range(4 * size):
            if len(self.workloads) >= size or not self._cast.objects:
                break
            self._keep(self._longer(length))
        del self.workloads[size:]

    def _keep(self, workload: list[Action]) -> None:
        if workload not in self.workloads:
            self.workloads.append(workload)

    def _simple(self) -> list[list[Action]]:
        """Nothing; then each thing a user can do with the first object, alone."""
        plans: list[list[Action]] = [[]]
        if not self._cast.objects:
            return plans
        first = self._cast.objects[0]
        deciders: list[Callable[[Rehearsal, JsonObject], list[Action]]] = [
            self._edit,
            lambda rehearsal, obj: [_delete(obj)],
            lambda rehearsal, obj: [_delete(obj), {"do": "create", "object": obj}],
            lambda rehearsal, obj: self._cast.scale(rehearsal, obj, up=True),
            lambda rehearsal, obj: self._cast.scale(rehearsal, obj, up=False),
            lambda rehearsal, obj: self._cast.delete_owned(obj, 0),
        ]
        for decide in deciders:
            rehearsal = Rehearsal(self._cast)
            plan = decide(rehearsal, first)
            if plan and all(rehearsal.accepts(action) for action in plan):
                plans.append(plan)
        return plans

    def _longer(self, length: int) -> list[Action]:
        rng = self._random
        wanted = 1
        while wanted < length and rng.random() < 0.55:
            wanted += 1
        rehearsal = Rehearsal(self._cast)
        plan: list[Action] = []
        for _ in range(4 * wanted):
            actions = self._decide(rehearsal)
            if len(plan) + len(actions) > length or not all(rehearsal.accepts(action) for action in actions):
                continue
            plan.extend(actions)
            if len(plan) >= wanted or (actions and actions[-1]["do"] == "delete_namespace"):
                break
        return plan

    def _decide(self, rehearsal: Rehearsal) -> list[Action]:
        """What a user does next; [] if the dice fell on what is not possible now."""
        rng, cast = self._random, self._cast
        obj = rng.choices(cast.objects, cast.weights)[0]
        if not rehearsal.alive(obj):
            return [{"do": "create", "object": obj}]
        dice = rng.random()
        if dice < 0.38:
            return self._edit(rehearsal, obj)
        if dice < 0.55:
            return cast.scale(rehearsal, obj, up=rng.random() < 0.5)
        if dice < 0.65:
            return [{"do": "label", **target_of(obj), "labels": {_LABEL: str(rng.randint(1, 3))}}]
        if dice < 0.75:
            return [{**_delete(obj), **({"propagation": "Foreground"} if rng.random() < 0.2 else {})}]
        if dice < 0.87:
            return [_delete(obj), {"do": "create", "object": obj}]
        if dice < 0.97 or not cast.namespaces:
            return cast.delete_owned(obj, rng.randint(0, 1))
        return [{"do": "delete_namespace", "name": rng.choice(cast.namespaces)}]

    def _edit(self, rehearsal: Rehearsal, obj: JsonObject) -> list[Action]:
        options = list(self._cast.edits[kind_of(obj)].items())
        self._random.shuffle(options)
        now = rehearsal.get(obj)
        for path, values in options:
            others = [value for value in values if value != value_at(now, path)]
            if others:
                value = self._random.choice(others)
                return [{"do": "patch", **target_of(obj), "body": merge_patch(path, value)}]
        return []


def _delete(obj: JsonObject) -> Action:
    return {"do": "delete", **target_of(obj)}
