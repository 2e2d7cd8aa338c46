"""The same workload without weather, three times: spaced as in the storm, all at once, each action after settling.

Only what all three end states agree on is later compared; the rest is timing-dependent and never a violation. Each run
has its own seed, so that generated names, uids and tie-breaks differ where nothing but chance decides them. Reference
runs are cached by workload; their cost counts in every speed figure.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from harness import facts as trial_facts
from harness.actions import plain
from harness.canonical import agreement
from harness.contract import Message
from harness.example import Example
from harness.fair_weather_reference import Reference, agreed_counts, counts_of, state_of, took_s
from harness.plan import Plan, built_ins_for, make_plan
from harness.settle import SILENCE_FAIR_S, settle
from harness.trial import Trial
from harness.weather import Action
from harness.workload import beginning
from harness.world import World
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

ROUNDS_MAX = 6
"""Fair-weather runs until the set of built-in components stops growing (Deployment → ReplicaSet → Pod → ... is 4)."""

SampleKey = tuple[str, str, str, str]


class FairWeather:
    """Reference runs of one trial, by workload."""

    def __init__(self, plan: Plan, samples: dict[SampleKey, Message] | None = None) -> None:
        """`samples`: filled with what messages there are."""
        self.plan = plan
        self.samples = samples
        self.runs = 0
        self._references: dict[bytes, Reference | None] = {}

    def reference(self, workload: Sequence[Action]) -> Reference | None:
        """What fair weather agrees on for this workload; None if it does not come to rest: then it judges nothing."""
        actions = [plain(action) for action in workload if action["do"] != "sleep" and not action.get("moot")]
        key = orjson.dumps(actions, option=orjson.OPT_SORT_KEYS)
        if key not in self._references:
            self._references[key] = self._find_out(actions)
        return self._references[key]

    def _find_out(self, actions: list[Action]) -> Reference | None:
        states, after, counts, took = [], [], [], []
        spacings: tuple[Action, ...] = ({}, {"in_flight": 0}, {"settle": True})
        if self.plan.trial.processes:
            spacings = spacings[:2]  # each rest costs seconds; what they wrongly agree on is found out in the end
        for number, spacing in enumerate(spacings):
            self.runs += 1
            with Example(self.plan, seed=self.plan.trial.seed + 1 + number, judging=False) as example:
                example.world.weather.samples = self.samples
                if spacing.get("settle"):
                    after.append(_keys(example.world))
                for action in actions:
                    example.act({**action, **spacing})
                    if spacing.get("settle"):
                        after.append(_keys(example.world))
                if example.exhausted or not settle(example.world, SILENCE_FAIR_S):
                    return None
                example.content = True
                states.append(state_of(example.world))
                counts.append(counts_of(example.world))
                took.append(took_s(example.world))
        return Reference(agreement(states), after, agreed_counts(counts), max(took))


def _keys(world: World) -> frozenset[str]:
    return frozenset(key for key in state_of(world) if "*" not in key)


class DryRun:
    """What the first fair-weather runs taught: the plan with all built-ins, and a sample of every message."""

    def __init__(
        self, plan: Plan, samples: dict[SampleKey, Message], example: Example, usual: frozenset[SampleKey]
    ) -> None:
        self.plan = plan
        self.samples = samples
        self.usual = usual
        """Messages that come whatever users go on to do: those of the manifests alone."""
        self.example = example


def dry_run(trial: Trial, room: Any = None, *, judging: bool = True) -> DryRun:
    """Run the given manifests in fair weather until the set of built-in components stops growing, and judge.

    `room`: where processes wait for the next run. The returned example is closed; its findings are what the controller
    does wrong without any weather: none if it is not to be judged, which spares a run.
    """
    kinds = _kinds_of_manifests(trial)
    built_ins = built_ins_for(trial, kinds)
    workload: list[Action] = beginning(trial)
    for _ in range(ROUNDS_MAX):
        plan = replace(make_plan(trial, built_ins, gc_kinds_of(trial, kinds)), room=room)
        example = Example(plan)
        try:
            example.world.weather.samples = {}
            for action in workload:
                example.act(action)
            if not example.exhausted:
                example.content = settle(example.world, SILENCE_FAIR_S)
        except BaseException:
            example.close()
            raise
        kinds = _merge(kinds, [*_kinds_written(example.world), *_kinds_watched(example.world)])
        grown = built_ins_for(trial, kinds)
        if grown == built_ins and set(kinds) <= set(plan.gc_kinds or kinds):
            break
        example.close()
        built_ins = grown
    facts = _facts(trial, example.world, built_ins)
    final_trial = trial.with_facts(facts)
    final = replace(make_plan(final_trial, built_ins, gc_kinds_of(trial, kinds)), room=room)
    samples = example.world.weather.samples or {}
    example.close()
    if not judging:
        return DryRun(final, samples, example, frozenset(samples))
    judged = Example(final)
    try:
        for action in workload:
            if judged.violations:
                break
            judged.act(action)
        if not judged.violations:
            judged.finish(None)
    finally:
        judged.close()
    return DryRun(final, samples, judged, frozenset(samples))


def gc_kinds_of(trial: Trial, kinds: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What the garbage collector watches: everything that exists in this trial, and what commonly does. In real time
    it watches all kinds instead, because another run to learn which there are costs more."""
    if trial.processes:
        return ()
    quiet = {"Event", "Lease", "Node", "Namespace", "CustomResourceDefinition"}
    return tuple(kind for kind in kinds if kind[1] not in quiet)


def _kinds_of_manifests(trial: Trial) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for obj in trial.objects:
        if obj["kind"] == "CustomResourceDefinition":
            for version in obj["spec"]["versions"]:
                if version.get("storage"):
                    found[(f"{obj['spec']['group']}/{version['name']}", obj["spec"]["names"]["kind"])] = None
        else:
            found[(obj["apiVersion"], obj["kind"])] = None
    return list(found)


def _kinds_written(world: World) -> list[tuple[str, str]]:
    """Kinds of which an object existed at any time."""
    found: dict[tuple[str, str], None] = {}
    for _, events in sorted(world.history.by_resource.items()):
        obj = events[0].object
        found[(obj["apiVersion"], obj["kind"])] = None
    return list(found)


def _kinds_watched(world: World) -> list[tuple[str, str]]:
    """Kinds that a component under test looks at, whether or not there is any."""
    found: dict[tuple[str, str], None] = {}
    for process in world.processes:
        if process.under_test and process.life is not None and process.life.client is not None:
            for informer in process.life.client.informers.all():
                found[(informer.api_version, informer.kind)] = None
    return list(found)


def _merge(first: Sequence[tuple[str, str]], second: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((*first, *second)))


def learn(dry_run: DryRun, workloads: Sequence[Sequence[Action]]) -> DryRun:
    """See what else happens in fair weather when users go on to do these things: more messages, more facts."""
    plan, samples = dry_run.plan, dict(dry_run.samples)
    facts = plan.trial.facts
    for number, workload in enumerate(workloads):
        with Example(plan, seed=plan.trial.seed + number, judging=False) as example:
            example.world.weather.samples = samples
            for action in workload:
                example.act(action)
            if not example.exhausted:
                settle(example.world, SILENCE_FAIR_S)
            facts = _with(facts, _facts(plan.trial, example.world, facts.built_ins))
    trial = plan.trial.with_facts(facts)
    return DryRun(make_plan(trial, plan.built_ins, plan.gc_kinds), samples, dry_run.example, dry_run.usual)


def _with(known: trial_facts.Facts, more: trial_facts.Facts) -> trial_facts.Facts:
    """What is known from two runs of one plan."""

    def joined(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(sorted(dict.fromkeys((*first, *second))))

    components = tuple(
        replace(
            ours,
            elects=ours.elects or theirs.elects,
            external_systems=joined(ours.external_systems, theirs.external_systems),
            kinds_written=joined(ours.kinds_written, theirs.kinds_written),
            kinds_deleted=joined(ours.kinds_deleted, theirs.kinds_deleted),
            kinds_adopted=joined(ours.kinds_adopted, theirs.kinds_adopted),
            kinds_finalized=joined(ours.kinds_finalized, theirs.kinds_finalized),
        )
        for ours, theirs in zip(known.components, more.components, strict=True)
    )
    return replace(
        known,
        kinds=joined(known.kinds, more.kinds),
        components=components,
        external_systems=joined(known.external_systems, more.external_systems),
        elects=joined(known.elects, more.elects),
    )


def _facts(trial: Trial, world: World, built_ins: Sequence[str]) -> trial_facts.Facts:
    components = []
    written: dict[str, dict[tuple[str, str], None]] = {}
    deleted: dict[str, dict[tuple[str, str], None]] = {}
    adopted: dict[str, dict[tuple[str, str], None]] = {}
    finalized: dict[str, dict[tuple[str, str], None]] = {}
    for change in world.history.changes:
        obj = change.after or change.before
        assert obj is not None
        kind = (obj["apiVersion"], obj["kind"])
        written.setdefault(change.component, {})[kind] = None
        if change.verb in ("delete", "deletecollection"):
            deleted.setdefault(change.component, {})[kind] = None
        if change.before and change.after and controller_of(change.after) and not controller_of(change.before):
            adopted.setdefault(change.component, {})[kind] = None
        if change.verb in ("update", "patch") and _gained_finalizer(change.before, change.after):
            finalized.setdefault(change.component, {})[kind] = None
    systems: dict[str, dict[str, None]] = {}
    for event in world.trace.events:
        if event.kind == "external" and event.data.get("phase") == "call":
            systems.setdefault(event.component, {})[event.peer] = None
    for process in world.processes:
        components.append(
            trial_facts.ComponentFacts(
                name=process.name,
                under_test=process.under_test,
                elects=process.elects,
                overlap=process.overlap,
                external_systems=tuple(sorted(systems.get(process.name, {}))),
                controllers=process.controllers,
                kinds_written=tuple(sorted(written.get(process.name, {}))),
                kinds_deleted=tuple(sorted(deleted.get(process.name, {}))),
                kinds_adopted=tuple(sorted(adopted.get(process.name, {}))),
                kinds_finalized=tuple(sorted(finalized.get(process.name, {}))),
            )
        )
    return trial_facts.Facts(
        kinds=tuple(sorted(_kinds_written(world))),
        components=tuple(components),
        built_ins=tuple(built_ins),
        external_systems=tuple(sorted({s: None for names in systems.values() for s in names})),
        elects=tuple(process.name for process in world.processes if process.elects),
        profile=trial.profile,
        instances=trial.instances,
    )


def _gained_finalizer(before: JsonObject | None, after: JsonObject | None) -> bool:
    if before is None or after is None:
        return False
    known = before["metadata"].get("finalizers") or ()
    return any(finalizer not in known for finalizer in after["metadata"].get("finalizers") or ())
