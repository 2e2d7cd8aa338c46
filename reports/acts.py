"""One act of a run in words: who did what to which object, in the past tense; and in two or three words."""

from typing import TYPE_CHECKING

from reports.facts import datum
from reports.ledger import is_sent, kind_of, metadata_of, spoken
from reports.telling import DELETION_MARK

if TYPE_CHECKING:
    from harness.trace import TraceEvent
    from reports.run import Run


READS = ("get", "list", "watch")


def said(run: "Run", event: "TraceEvent") -> str:
    """One act in the past tense, without a full stop: "`cluster` created Secret default/a"."""
    who, name = f"`{sender_of(event)}`", spoken(name_of(event))
    if event.kind == "external":
        done = f"{PAST.get(verb_of(event), 'called ' + verb_of(event) + ' on')} {event.object or 'an item'}"
        return f"{who} {done}{_named_inside(event)} in the outside system `{kind_of(event)}`"
    if event.kind == "crash":
        how = datum(event, "panic")
        return f"{who} panicked: {how}" if how else f"{who} crashed"
    if event.kind == "request":
        committed = [one for one in run.ledger.answers.get(event.step, ()) if one.kind == "commit"]
        verb = str(datum(event, "verb") or "").lower() if datum(event, "subresource") == "binding" else verb_of(event)
        return said(run, committed[0]) if committed else f"{who} sent {_article(verb)} of {name}"
    if event.kind == "commit":
        return f"{who} {_committed(run, event, name)}"
    if event.kind == "event":
        return f"{who} was told {datum(event, 'type')} of {name}"
    return f"{who} {event.kind} {name}".rstrip()


def _named_inside(event: "TraceEvent") -> str:
    """ " (default/db-0)": what an item calls itself, if that is not what the system calls it."""
    body = datum(event, "body")
    parts = [body.get("namespace"), body.get("name")] if isinstance(body, dict) else []
    name = "/".join(str(part) for part in parts if part)
    return f" ({name})" if name and name != event.object else ""


def is_deletion(commit: "TraceEvent") -> bool:
    """Does this commit remove an object, or mark it for that?"""
    changed = datum(commit, "changed") or ()
    return datum(commit, "fact") == "DELETED" or any(str(change).startswith(DELETION_MARK) for change in changed)


def _committed(run: "Run", event: "TraceEvent", name: str) -> str:
    changed = [str(change) for change in datum(event, "changed") or ()]
    fact, method = datum(event, "fact"), verb_of(run.ledger.request_of(event) or event)
    if fact == "DELETED" and method in ("update", "patch"):
        return f"took the last finalizer off {name} and so let it go"
    if any(change.startswith(DELETION_MARK) for change in changed):
        return f"deleted {name}"
    detail = f" ({_shown(changed)})" if changed and fact == "UPDATED" else ""
    return (
        f"{ {'CREATED': 'created', 'DELETED': 'deleted', 'BOUND': 'bound'}.get(str(fact), 'updated') } {name}{detail}"
    )


def committed_by(run: "Run", event: "TraceEvent") -> str:
    """A commit as its server's act: "`apiserver-0` committed `user`'s patch of Note default/a (spec.line: 1 -> 2)"."""
    asked = verb_of(run.ledger.request_of(event) or event)
    changed = _shown([str(change) for change in datum(event, "changed") or ()])
    what = f"`{sender_of(event)}`'s {asked} of {spoken(event.object)}"
    return f"`{event.component}` committed {what}{f' ({changed})' if changed else ''}"


def reads_in_words(run: "Run", begun: "TraceEvent") -> str:
    """What a pass found when it read for itself: "found Secret default/a"; "" if it read nothing."""
    told: dict[str, None] = {}
    for sent in run.ledger.sent_in.get(begun.step, ()):
        if verb_of(sent) not in ("get", "list") or not is_sent(sent) or sent.kind != "request":
            continue
        for answer in run.ledger.answers.get(sent.step, ()):
            error = datum(answer, "error")
            what, found = spoken(sent.object), "found"
            if verb_of(sent) == "list":  # "Secret" or "Secret/default"
                kind, _, namespace = sent.object.partition("/")
                what, found = f"all of kind {kind}{' in ' if namespace else ''}{namespace}", "listed"
            told[
                f"found no {what}" if error == "NotFound" else f"got {error} for {what}" if error else f"{found} {what}"
            ] = None
    return ", ".join(list(told)[-2:])


def _article(word: str) -> str:
    return f"an {word}" if word[:1] in "aeiou" else f"a {word}"


PAST = {"create": "created", "update": "updated", "delete": "deleted", "patch": "patched"}


def _shown(changed: list[str]) -> str:
    """Two of the fields that changed; of one alone more is shown."""
    return "; ".join(_shortened(change, 140 // min(len(changed), 2)) for change in changed[:2])


def _shortened(change: str, longest: int) -> str:
    """Both values of "path: old -> new" are cut, so that the new one can be seen."""
    if len(change) <= longest:
        return change
    path, _, values = change.partition(": ")
    old, arrow, new = values.partition(" -> ")
    room = max(12, (longest - len(path)) // 2 - len(arrow))
    new = new if len(new) <= 2 * room - len(old) else _cut(new, max(room, 2 * room - len(old)))
    return f"{path}: {_cut(old, room)}{arrow}{new}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def in_short(event: "TraceEvent", request: "TraceEvent | None") -> str:
    if event.kind == "crash":
        return "panic" if event.data.get("panic") else "crash"
    if event.kind in ("event", "reply", "reconcile"):
        return f"{event.kind} {kind_of(event)}".strip()
    return f"{verb_of(request) if request is not None else verb_of(event)} {kind_of(event)}".strip()


def verb_of(event: "TraceEvent") -> str:
    """The method in lower case, as "create", "patch"; of a commit without request its fact."""
    named = str(datum(event, "method") or datum(event, "verb") or "").lower()
    return named or {"CREATED": "create", "UPDATED": "update", "DELETED": "delete"}.get(str(datum(event, "fact")), "")


def sender_of(event: "TraceEvent") -> str:
    if event.kind == "commit":
        return event.peer or event.component
    if event.kind == "external" and event.data.get("phase") == "effect":
        return event.peer
    return event.component


def name_of(event: "TraceEvent") -> str:
    """As in the end's `members`: "Kind/ns/name", "system/id"."""
    return f"{kind_of(event)}/{event.object}" if event.kind == "external" else event.object


def makes(event: "TraceEvent") -> bool:
    return datum(event, "fact") == "CREATED" or (event.kind == "external" and verb_of(event) == "create")


def owner_uid(event: "TraceEvent") -> str:
    body = datum(event, "body")
    if isinstance(body, dict) and body.get("owner"):
        return str(body["owner"])
    references = metadata_of(event).get("ownerReferences") or [{}]
    return str(references[0].get("uid") or "") or (event.object if event.kind == "external" else "")
