"""The judgement of a foreign process: what looks stuck is given time, then one restart, before anybody says so.

Nobody sees from outside whether a process has given up or sleeps before it tries again (kopf 60 s after an error,
client-go up to 1,000 s). So a claim that fails when it is quiet is only suspected. While something moves, it is waited
for; when nothing has moved for `patience_s`, the process is restarted once, and that tells the two bugs apart: "needs a
restart" is one that a crash would have healed, "stuck" is one that nothing heals.
"""

from dataclasses import replace

from harness.foreign.rest import rest
from harness.foreign.world import FAIR_QUIET_S, QUIET_S, RealTimeWorld
from harness.judge import Found
from harness.trace import named

MOVES_MAX = 4.0
"""So many times its patience a process may keep moving without getting there (arbitrary)."""


def judge_foreign(world: RealTimeWorld, *, told: bool) -> bool:
    """Wait for rest, confirm what is suspected, judge. False: it never came to rest.

    `told`: somebody will read of it, so that it is also found out what a restart does.
    """
    fair = not world.weather.fired
    if not rest(world, FAIR_QUIET_S if fair else QUIET_S):
        _judge(world, "end")
        return False
    suspects = _confirm(world) if _suspects(world) else []
    if not suspects:
        _judge(world, "rest")
        if fair and told and not world.judge.violations:
            return _restart_changes_nothing(world)
        return True
    for found in suspects:
        _record(world, found)
    if not told:
        return True
    # Only then: what the restart does belongs behind what is reported, and explains nothing of it.
    _add(world, f"nothing moved for {world.patience_s:g} s, {_after_a_restart(world, suspects)}")
    return True


def _confirm(world: RealTimeWorld) -> list[Found]:
    """What is still wrong when nothing has moved for as long as patience lasts."""
    began_s = world.network.now_s
    suspects = _suspects(world)
    while suspects:
        moved = world.history.effective_count
        waited_s = 0.0
        while waited_s < world.patience_s and moved == world.history.effective_count:
            world.run(world.network.now_s + 0.1)
            waited_s += 0.1
        if moved == world.history.effective_count and waited_s >= world.patience_s:
            return _suspects(world)
        rest(world, QUIET_S)
        suspects = _suspects(world)
        if world.network.now_s - began_s > MOVES_MAX * max(world.patience_s, QUIET_S):
            return suspects
    return []


def _after_a_restart(world: RealTimeWorld, suspects: list[Found]) -> str:
    """What one restart does to what is wrong, in words. The end as it was judged stays in the trace before it."""
    known, world.judge.violations = world.judge.violations, []
    try:
        for process in world.foreign():
            if world.crash(process, None):
                world.restart(process)
        rest(world, FAIR_QUIET_S)
        if _suspects(world):
            _confirm(world)
        still = {(found.name, found.key) for found in _suspects(world)}
    finally:
        world.judge.violations = known
    if any((found.name, found.key) in still for found in suspects):
        return "and a restart does not help: stuck"
    return "and a restart heals it: it needs a restart"


def _restart_changes_nothing(world: RealTimeWorld) -> bool:
    """In fair weather: a new process finds everything as it should be, and writes nothing."""
    world.pass_began = len(world.history.changes)
    for process in world.foreign():
        world.crash(process, None)
        world.restart(process)
    rested = rest(world, FAIR_QUIET_S)
    _judge(world, "restart" if rested else "end")
    return rested


def _suspects(world: RealTimeWorld) -> list[Found]:
    world.phase, world.at_rest = "rest", True
    try:
        return world.judge.suspects("rest")
    finally:
        world.at_rest = False


def _judge(world: RealTimeWorld, phase: str) -> None:
    world.phase = phase
    world.at_rest = phase != "end"
    world.trace.add(world.network.now_s, "settle", data={"phase": phase})
    world.judge.at_rest(phase)
    world.at_rest = False


def _record(world: RealTimeWorld, found: Found) -> None:
    judgement, step = found.judgement, len(world.trace.events) - 1
    world.judge.violations.append(replace(found, step=step))
    world.trace.add(
        world.network.now_s,
        "violation",
        "",
        object=str(judgement.objects[0]) if judgement.objects else "",
        caused_by=(step,),
        data={
            "property": found.name,
            "reason": judgement.reason,
            "source": found.property.source,
            "when": found.property.when,
            "objects": [named(ref.kind, ref.namespace, ref.name) for ref in judgement.objects],
        },
    )


def _add(world: RealTimeWorld, words: str) -> None:
    """Say it of each violation, and in the trace."""
    for index, found in enumerate(world.judge.violations):
        reason = f"{found.judgement.reason}; {words}"
        world.judge.violations[index] = replace(found, judgement=replace(found.judgement, reason=reason))
    for event in world.trace.events:
        if event.kind == "violation":
            event.data["reason"] = f"{event.data['reason']}; {words}"
