"""The story of a violation in at most twelve numbered sentences: who did what, in order, and where the weather struck.

Told are user actions, the weather, what the components under test wrote to the objects in question, the wrong write
(or the pass in which it should have come) and the violation. What repeats is told once and counted; where there is
still too much, what explains least is left out. A fault is told together with what it struck and what came of it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reports.acts import READS, is_deletion, reads_in_words, said, verb_of
from reports.facts import datum
from reports.graph import WEATHERS_ERRORS
from reports.ledger import CYCLES, at, code_of, is_sent, kind_of, spoken
from reports.pictures import old_pictures, unheard_of
from reports.plain import one_line
from reports.telling import BACKGROUND_KINDS, actor_of, fields_of, tell
from reports.weather_words import label_of, message_of, weather_in_words

if TYPE_CHECKING:
    from harness.trace import Trace, TraceEvent
    from reports.run import Run

LIMIT = 12
"""Sentences of a story (the promise of the report: told in one minute)."""

LONGEST_CYCLE = 4
"""Repeated blocks of up to so many sentences are folded: two writers fighting over two fields make four."""

LOOSE_REPEATS = 3
"""What comes again with other values is folded from so many repetitions on: of fewer, each value may be the point."""

SOON_S = 0.001
"""What comes within so much is told as "at once"."""

USER = "user"

MUST, WEATHER, USERS, CONTEXT, WRITE, BYSTANDER, DETAIL = _RANKS = range(7)
"""What is left out last, and what first."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step of the story."""

    number: int
    time_s: float
    text: str
    step: int
    """Of the trace event it tells of, for links into a diagram."""
    mark: str = ""
    """"fault", "wrong" (the wrong write), "violation", or nothing in particular."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence before it has a number. Two of equal `exact` say the same thing at different times; of equal `loose`,
    the same with other values, as a counter does."""

    step: int
    time_s: float
    text: str
    rank: int
    mark: str = ""
    exact: tuple[object, ...] = ()
    loose: tuple[object, ...] = ()
    block: int | None = None
    """Number of the repeated block that it belongs to: its sentences stay or go together."""


def story(run: "Run", *, limit: int = LIMIT) -> tuple[Sentence, ...]:
    """At most `limit` sentences, in order of time; of a run without violation the last things that happened."""
    told = _fit(_folded(_Teller(run).told()), limit)
    return tuple(Sentence(number, one.time_s, one.text, one.step, one.mark) for number, one in enumerate(told, start=1))


def sentences(trace: "Trace", *, claim: str | None = None, limit: int = LIMIT) -> list[str]:
    """The story as at most `limit` lines, numbered, with virtual times.

    Args:
        claim: the property whose violation is told, where a trace holds several; default: the first.
        limit: lines at most; what explains least is left out first.
    """
    from reports.run import run_of  # run.py builds on this module

    return lines_of(story(run_of(trace, claim=claim), limit=limit))


def lines_of(told: Sequence[Sentence]) -> list[str]:
    """A story for a terminal, where a fault is known by its first word."""
    width = len(str(len(told)))
    texts = [f"WEATHER: {one.text}" if one.mark == "fault" else one.text for one in told]
    return [
        f"{one.number:{width}}. {one.time_s:10,.3f} s  {one_line(text)}" for one, text in zip(told, texts, strict=True)
    ]


# ------------------------------------------------------------------------------------------------------------- telling


class _Teller:
    """Chooses what is told of one run, and merges each fault with what it struck and did."""

    def __init__(self, run: "Run") -> None:
        self.run, self.ledger, self.violation = run, run.ledger, run.facts.violation
        self.under_test = run.facts.under_test
        self.merged: dict[int, None] = {}
        """Steps that another sentence tells of."""
        self.says_what_users_do = any(event.kind == "workload" for event in run.trace.events)

    def told(self) -> list[_Told]:
        until = self.violation.step if self.violation is not None else len(self.run.trace.events)
        kept = dict.fromkeys(self.run.slice)
        always = ("workload", "fault", "violation")
        events = [event for event in self.run.trace.events if event.step <= until]
        if self.run.facts.claim in CYCLES:
            rounds = [event.step for name in self.run.concern for event in self.ledger.commits.get(name, ())]
            kept.update(dict.fromkeys(sorted(rounds)))
        found: list[_Told | None] = [self._fault(event) for event in events if event.kind == "fault"]
        wrong = self._wrong()
        found += [self._told(event) for event in events if event.step in kept or event.kind in always]
        found += [wrong, self._going_by()]
        told = [one for one in found if one is not None]
        # A wrong act is told in the place of its event; what never came after all that should have led to it.
        place = self._place_of_wrong()
        is_last = self.violation is not None and place == self.violation.step
        after = len(_RANKS) if self.run.blame.missing and not is_last else -1
        return sorted(told, key=lambda one: (place, after) if one is wrong else (one.step, one.rank))

    def _told(self, event: "TraceEvent") -> _Told | None:
        if event.step in self.merged or event.kind == "fault" or event.step == self._wrong_step():
            return None
        if event.kind == "violation":
            if self.violation is not event:
                return None
            return _Told(event.step, event.time_s, str(tell(event)), MUST, "violation")
        if event.kind == "workload":
            return self._workload(event)
        text = self._in_words(event)
        if text is None:
            return None
        loose = (event.kind, actor_of(event), event.object, fields_of(event), datum(event, "fact"))
        return _Told(event.step, event.time_s, text, self._rank(event), exact=(*loose, text), loose=loose)

    def _wrong_step(self) -> int | None:
        return None if self.run.blame.missing else self.run.blame.step

    def _rank(self, event: "TraceEvent") -> int:
        if event.kind in ("crash", "restart", "pause", "resume"):
            return CONTEXT
        if event.kind in ("reply", "reconciled", "settle"):
            return DETAIL
        return WRITE if not self.under_test or actor_of(event) in self.under_test else BYSTANDER

    def _workload(self, event: "TraceEvent") -> _Told | None:
        action = datum(event, "action")
        if isinstance(action, dict) and action.get("do") in ("sleep", "wait"):
            return None
        sentence = str(tell(event))
        words = sentence.split(" ", 2)
        if len(words) == 3 and words[0] == USER:
            verb = words[1]
            did = f"tried to {_PLAIN.get(verb, verb)}" if self._is_in_vain(event) else _DID.get(verb, verb)
            sentence = f"A user {did} {words[2]}"
        return _Told(event.step, event.time_s, f"{sentence}.", USERS)

    def _is_in_vain(self, act: "TraceEvent") -> bool:
        """Did nothing come of what a user did but an error, until the next act or the violation?"""
        last: TraceEvent | None = None
        for event in self.run.trace.events[act.step + 1 :]:
            if event.kind in ("workload", "violation") or (event.kind == "commit" and event.peer == USER):
                return event.kind != "commit" and last is not None and bool(datum(last, "error"))
            if event.kind == "reply" and event.component == USER and verb_of(event) not in READS:
                last = event
        return False

    def _in_words(self, event: "TraceEvent") -> str | None:
        """One event of the slice as a sentence; None if it explains nothing by itself."""
        if kind_of(event) in BACKGROUND_KINDS or (event.step < self.ledger.began and event.kind != "commit"):
            return None
        if event.kind == "commit":
            skipped = (actor_of(event) == USER and self.says_what_users_do) or self._is_half(event)
            return None if skipped or tell(event) is None else f"{_capital(said(self.run, event))}."
        if event.kind == "external" and event.data.get("phase") == "effect":
            return f"{_capital(said(self.run, event))}."
        if event.kind in ("crash", "restart", "pause", "resume"):
            return f"{_capital(self._life(event))}."
        if event.kind in ("reply", "external") and not is_sent(event) and datum(event, "error"):
            if code_of(event) not in WEATHERS_ERRORS:
                return None
            asked = f"{datum(event, 'verb')} of {spoken(event.object) or event.peer}"
            return f"`{event.component}`'s {asked} was answered with {datum(event, 'error')}."
        return None

    def _is_half(self, commit: "TraceEvent") -> bool:
        """One request can mark an object for deletion and remove it: two commits, which are told as one."""
        asked = self.ledger.request_of(commit)
        twins = self.ledger.answers.get(asked.step, ()) if asked is not None else ()
        halves = [one for one in twins if one.kind == "commit" and one.object == commit.object and is_deletion(one)]
        told = next((one for one in halves if one.step == self._wrong_step()), halves[-1] if halves else commit)
        return commit in halves and commit is not told

    def _life(self, event: "TraceEvent") -> str:
        who = f"`{event.component}`"
        if event.kind == "crash":
            return said(self.run, event)
        if event.kind == "restart":
            return f"{who} restarted with empty memory"
        return f"{who} {'stood still' if event.kind == 'pause' else 'went on as if nothing had happened'}"

    # ------------------------------------------------------------------------------------------------------ faults

    def _fault(self, event: "TraceEvent") -> _Told:
        """A fault with the message that it struck and with what came of it at once."""
        text = _capital(weather_in_words(event))
        rank = MUST if event.step in self.run.blame.faults else WEATHER
        action = datum(event, "action")
        tells_message = not isinstance(action, dict) or ("request" in action and message_of(action) in text)
        for step in sorted(self.run.graph.pred.get(event.step, ())):
            struck = self.ledger.by_step[step]
            if self.run.graph.edges[step, event.step]["why"] == "cause" and struck.kind == "commit" and tells_message:
                self.merged[step] = None
        tail = ""
        for step in sorted(self.run.graph.succ.get(event.step, ())):
            effect = self.ledger.by_step[step]
            if self.run.graph.edges[event.step, step]["why"] != "cause" or effect.kind == "violation":
                continue
            if effect.kind in ("crash", "pause") and not effect.data.get("panic"):
                self.merged[step] = None
                tail = tail or self._return(event, effect)
            if effect.time_s - event.time_s <= SOON_S and effect.kind in ("reply", "external", "commit"):
                self.merged[step] = None
        return _Told(event.step, event.time_s, f"{text} {label_of(event)}{tail}.", rank, "fault")

    def _return(self, fault: "TraceEvent", end: "TraceEvent") -> str:
        """How a life that the fault ended goes on, if it is soon enough to belong to the same sentence."""
        for step in sorted(self.run.graph.succ.get(end.step, ())):
            back = self.ledger.by_step[step]
            if back.kind not in ("restart", "resume") or back.component != end.component:
                continue
            if back.kind == "resume" or end.time_s - fault.time_s > SOON_S:
                self.merged[step] = None
                return "" if back.kind == "resume" else f"; it was back at {at(back)}"
            self.merged[step] = None
            after = back.time_s - end.time_s
            soon = "at once" if after <= SOON_S else f"{after:,.3f}".rstrip("0").rstrip(".") + " s later"
            return f"; it restarted {soon} with empty memory"
        return ""

    # ------------------------------------------------------------------------------------------------------- wrong

    def _wrong(self) -> _Told | None:
        blamed = self.run.blame
        if blamed.step is None and not blamed.text:
            return None
        place = self._place_of_wrong()
        event = self.ledger.by_step[place]
        name = f"The {'missing' if blamed.missing else 'wrong'} {blamed.noun}"
        step = blamed.step if blamed.step is not None else place
        words = f" It had printed last, at {blamed.words[-1]}" if blamed.words else ""
        return _Told(step, event.time_s, f"<- {name}: {blamed.text}{words}", MUST, "wrong")

    def _place_of_wrong(self) -> int:
        """Where it is told: a write where it came; one that never came after all that should have led to it."""
        blamed = self.run.blame
        if blamed.step is not None and not blamed.missing:
            return blamed.step
        if blamed.step is None and self.violation is not None:
            return self.violation.step
        begun = blamed.step if blamed.step is not None else 0
        end = self.ledger.ends.get(begun)
        steps = [begun, end.step if end is not None else 0, *blamed.faults]
        return max(steps)

    def _going_by(self) -> _Told | None:
        """What the wrong pass went by, where that was old or where it read for itself."""
        blamed = self.run.blame
        begun = self.ledger.pass_of(self.ledger.by_step.get(blamed.step if blamed.step is not None else -1))
        if begun is None or blamed.missing:
            return None
        start = self.ledger.by_step[begun]
        stale = self._stale(begun, blamed.step or begun) or self._unheard(start, blamed.step or begun)
        read = "" if stale else reads_in_words(self.run, start)
        if not stale and not read:
            return None
        went = f", going by {stale}" if stale else f": it {read}"
        text = f"`{start.component}` began a pass on {start.object}{went}."
        return _Told(begun, start.time_s, text, CONTEXT if stale else WRITE)

    def _stale(self, begun: int, until: int) -> str:
        """ "Database default/a as of revision 7, when 11 was the newest"; "" if what it went by was new."""
        return "; ".join(
            f"{spoken(old.name)} as of revision {old.revision}, when {old.newest} was the newest"
            for old in old_pictures(self.run, begun, until)[:2]
        )

    def _unheard(self, start: "TraceEvent", until: int) -> str:
        """ "a cache that did not show Pod default/a yet": of the kind that the wrong pass made one more of."""
        wrong = self.ledger.by_step[until]
        if not self.run.blame.what.startswith("create") or wrong.kind == "external":
            return ""
        missing = unheard_of(self.run, start, until, kind_of(wrong))
        return f"a cache that did not show {spoken(missing)} yet" if missing else ""


_DID = {
    "creates": "created",
    "edits": "edited",
    "deletes": "deleted",
    "applies": "applied",
    "patches": "patched",
    "scales": "scaled",
    "updates": "updated",
    "restores": "restored",
    "labels": "labelled",
    "does": "did",
}
_PLAIN = {"applies": "apply", "patches": "patch"} | {
    verb: verb.removesuffix("s") for verb in ("creates", "edits", "deletes", "scales", "updates", "restores", "labels")
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# ------------------------------------------------------------------------------------------------------------- folding


def _folded(told: Sequence[_Told]) -> list[_Told]:
    """A block that repeats is told once; its last sentence says how often."""
    out: list[_Told] = []
    keysets = ([one.exact for one in told], [one.loose for one in told])
    start = 0
    while start < len(told):
        length, repeats = _repetition(keysets, start)
        block = list(told[start : start + length])
        if repeats:
            block = [replace(one, block=start) for one in block]
            last = told[start + length * (repeats + 1) - 1]
            what = "This" if length == 1 else f"These {length} steps"
            times = f"{repeats:,} time{'s' * (repeats > 1)}"
            block[-1] = replace(
                block[-1], text=f"{block[-1].text} {what} came again {times}, until {last.time_s:,.3f} s."
            )
        out += block
        start += length * (repeats + 1)
    return out


def _repetition(keysets: Sequence[list[tuple[object, ...]]], start: int) -> tuple[int, int]:
    """(length of the block that begins here, how often it is repeated); to the letter, else with other values."""
    for keys, least in zip(keysets, (1, LOOSE_REPEATS), strict=True):
        for length in range(1, LONGEST_CYCLE + 1):
            block = keys[start : start + length]
            if len(block) < length or () in block:
                break
            repeats = 0
            while keys[start + length * (repeats + 1) : start + length * (repeats + 2)] == block:
                repeats += 1
            if repeats >= least:
                return length, repeats
    return 1, 0


def _fit(told: list[_Told], limit: int) -> list[_Told]:
    """User actions one after another become one sentence; then what explains least goes, the middle first."""
    if len(told) > limit:
        told = _joined(told)
    left = dict(enumerate(told))
    ranks: dict[int, list[int]] = {}
    blocks: dict[int, list[int]] = {}
    for number, one in left.items():
        ranks.setdefault(one.rank, []).append(number)
        if one.block is not None:
            blocks.setdefault(one.block, []).append(number)
    while len(left) > limit:
        ranked = ranks[max(ranks)]
        middle = ranked[len(ranked) // 2]
        block = left[middle].block
        for number in (middle,) if block is None else blocks[block]:
            rank = left.pop(number).rank
            del ranks[rank][bisect_left(ranks[rank], number)]
            if not ranks[rank]:
                del ranks[rank]
    return list(left.values())


def _joined(told: list[_Told]) -> list[_Told]:
    out: list[_Told] = []
    for one in told:
        if out and one.rank == USERS == out[-1].rank and len(out[-1].text) < 200:
            text = f"{out[-1].text[:-1]}; {one.text[:1].lower()}{one.text[1:]}"
            out[-1] = replace(out[-1], text=text)
        else:
            out.append(one)
    return out
