"""What each kind of weather did, in words of Kubernetes: what was lost, late or stale, and for whom.

One phrase a kind, in the past tense, without its label. A stranger's kind is told from its action alone.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from reports.facts import datum
from reports.telling import action_in_words

if TYPE_CHECKING:
    from harness.trace import TraceEvent

Action = dict[str, Any]


def weather_in_words(event: "TraceEvent") -> str:
    """One fault as a clause: "the reply to `website` was lost after its create of Pod a had been committed"."""
    if sentence := datum(event, "sentence"):
        return str(sentence)
    raw = datum(event, "action")
    action: Action = dict(raw) if isinstance(raw, dict) else {}
    phrase = PHRASES.get(str(datum(event, "name")))
    if phrase is None or not action:
        return action_in_words(action) if action else "bad weather struck"
    action.setdefault("component", event.component)
    return phrase(action)


def label_of(event: "TraceEvent") -> str:
    """ "[crash, legal]": the kind, and whether real Kubernetes can do this."""
    legal = datum(event, "legal")
    label = {True: ", legal", False: ", HOSTILE"}[legal] if isinstance(legal, bool) else ""
    return f"[{datum(event, 'name') or 'fault'}{label}]"


def message_of(action: Action) -> str:
    """ "create of Secret default/a": the request or event that was struck."""
    named = action.get("request") or action.get("event") or {}
    name = str(named.get("name") or "")
    place = "/".join(str(part) for part in (named.get("namespace"), name) if part)
    place = f"({name})" if " " in name else place  # a role, such as "child 1 of ReplicaSet front"
    what = " ".join(part for part in (str(named.get("kind") or ""), place) if part)
    return f"{named.get('verb') or named.get('type') or 'message'} of {what}" if what else "message"


def _who(action: Action) -> str:
    return f"`{action.get('component') or 'the control plane'}`"


def _kind(action: Action) -> str:
    named = action.get("request") or action.get("event") or {}
    return str(named.get("kind") or action.get("kind") or "objects")


def _for(action: Action, *names: str) -> str:
    """ " for 30 s", from the first of these values that there is; "" if there is none."""
    found = next((action[name] for name in (*names, "seconds") if isinstance(action.get(name), int | float)), None)
    if found == 0:
        return " for a moment"
    return f" for {_seconds(found)}" if found is not None else " for a while"


def _seconds(value: float) -> str:
    """ "6.288 s": no more digits than the times of a story have."""
    return f"{value:,.3f}".rstrip("0").rstrip(".") + " s"


def _down(action: Action) -> str:
    return f"was down{_for(action)}" if action.get("down_s", action.get("seconds")) else "broke"


def _late(action: Action) -> str:
    return _for(action, "delay_s", "lag_s").removeprefix(" for ")


def _crash(action: Action) -> str:
    who, what, at = _who(action), message_of(action), action.get("at")
    if at == "after_commit":
        return f"the API server committed the {what}, but before the reply reached {who} it crashed"
    if at == "external_reply":
        return f"the outside system did the {what}, but before the answer reached {who} it crashed"
    if at in ("request", "external_request"):
        return f"{who} crashed before its {what} was handled"
    return f"{who} crashed as it was told {what}" if "event" in action else f"{who} crashed"


def _lost(action: Action) -> str:
    error = f" ({action['error']})" if action.get("error") else ""
    place = (
        "the outside system carried out" if str(action.get("at")).startswith("external") else "the API server committed"
    )
    return f"{place} the {message_of(action)}, but the reply to {_who(action)} was lost{error}"


def _failed(action: Action) -> str:
    error = f" with {action['error']}" if action.get("error") else ""
    return f"{_who(action)}'s {message_of(action)} failed{error} before it had any effect"


def _latency(action: Action) -> str:
    if "event" in action:
        return f"the event {message_of(action)} reached {_who(action)} {_late(action)} late"
    side = "the reply to " if action.get("at") == "after_commit" else ""
    return f"{side}{_who(action)}'s {message_of(action)} took {_late(action)}"


def _back_in_time(action: Action) -> str:
    server = f"`apiserver-{action['server']}`" if "server" in action else "another API server"
    after = _for(action, "crash_after_s").removeprefix(" for")
    after = f"{after} later" if after.endswith(" s") else " then"
    return f"{server} fell behind;{after} {_who(action)} crashed and restarted against it, back in a past it had left"


def _partition(action: Action) -> str:
    server = action.get("server")
    peer = f"`apiserver-{server}`" if isinstance(server, int) else "the API servers"
    return f"{_who(action)} was cut off from {peer}{_for(action)}"


def _deleted(action: Action) -> str:
    kind, _, name = str(action.get("child") or "an object").partition("/")
    return f"a user deleted {kind} {name}".rstrip() + ", which a controller owns"


def _jump(action: Action) -> str:
    seconds = action.get("seconds")
    return f" {_seconds(seconds)} {action.get('direction') or ''}".rstrip() if isinstance(seconds, int | float) else ""


def _rate(action: Action) -> str:
    rate = action.get("rate")
    return f"{rate:g} of its speed" if isinstance(rate, int | float) else "the wrong speed"


PHRASES: dict[str, Callable[[Action], str]] = {
    "admission_denied": lambda a: f"a webhook denied each {message_of(a).partition(' of ')[0]} of {_kind(a)}{_for(a)}",
    "apiserver_crash": lambda a: "an API server died, its streams broke, and it came back with a cold watch cache",
    "clock_drift": lambda a: f"the clock of {_who(a)} ran at {_rate(a)}",
    "clock_skew": lambda a: f"the wall clock of {_who(a)} jumped{_jump(a)}",
    "compaction": lambda a: "the API server compacted its history: who resumes a watch from before it gets 410 Gone",
    "conflict_race": lambda a: f"another writer won the race: {_who(a)}'s {message_of(a)} met 409 Conflict",
    "crash": _crash,
    "dependency_corrupted": lambda a: "a field that ties objects together was corrupted",
    "event_dropped": lambda a: f"the event {message_of(a)} to {_who(a)} was lost without a word",
    "event_repeated": lambda a: f"the event {message_of(a)} reached {_who(a)} twice",
    "event_swapped": lambda a: f"the event {message_of(a)} reached {_who(a)} in the wrong order",
    "external_drift": lambda a: (
        f"an item of the outside system {_kind(a)} disappeared by itself before {_who(a)} asked"
    ),
    "external_fails": _failed,
    "external_reply_lost": _lost,
    "external_slow": lambda a: f"{_who(a)}'s {message_of(a)} took {_late(a)} in the outside system",
    "external_stale_list": lambda a: f"the outside system showed {_who(a)} an earlier state",
    "kubelet_restart": lambda a: f"the kubelet of {a.get('node') or _who(a)} restarted",
    "late_commit": lambda a: (
        f"{_who(a)}'s {message_of(a)} waited in the server's queue and was committed after its sender had gone"
    ),
    "latency": _latency,
    "list_order": lambda a: f"cached lists came to {_who(a)} in another order",
    "node_crash": lambda a: f"node {a.get('node') or ''} died with all its containers".replace("  ", " "),
    "node_partition": lambda a: f"node {a.get('node') or ''} was cut off{_for(a)} while its pods ran on".replace(
        "  ", " "
    ),
    "not_ready": lambda a: f"{_who(a)}'s {message_of(a)} was answered 503 by a server that was not ready",
    "overlap": lambda a: f"two copies of {_who(a)} ran at once{_for(a)}",
    "owned_deleted": _deleted,
    "partition": _partition,
    "pause": lambda a: f"{_who(a)} stood still{_for(a)}, then went on as if nothing had happened",
    "permission_revoked": lambda a: f"{_who(a)} lost its permission on {_kind(a)}{_for(a)} (403)",
    "quota_exceeded": lambda a: f"the quota for {_kind(a)} was used up{_for(a)} (403)",
    "refused": lambda a: f"the connection for {_who(a)}'s {message_of(a)} was refused",
    "relist": lambda a: f"{_who(a)} had to list {_kind(a)} again: what had gone meanwhile was gone without an event",
    "reorder_streams": lambda a: f"the event {message_of(a)} reached {_who(a)} after later ones of another watch",
    "reply_lost": _lost,
    "resync": lambda a: f"{_who(a)} was told of every cached {_kind(a)} once more",
    "server_error": _failed,
    "split_delivery": lambda a: f"the caches of {_who(a)} changed before its handlers heard of it",
    "stale_cache": lambda a: f"all watches of {_who(a)} stood still{_for(a)}, while its writes got through",
    "stale_read": lambda a: (
        f"the API server that {_who(a)} reads from fell behind{_for(a)}: its watches told of the past"
    ),
    "switch_server": lambda a: f"{_who(a)} was moved to another API server, and its watches broke",
    "throttled": lambda a: f"{_who(a)}'s {message_of(a)} was turned away with 429 Too Many Requests",
    "time_travel": _back_in_time,
    "vandalism": lambda a: "a user edited what a controller owns",
    "watch_cut": lambda a: f"the watch of {_who(a)} on {_kind(a)} broke, and the event {message_of(a)} came late",
    "watch_gap": lambda a: (
        f"the watch of {_who(a)} on {_kind(a)} {_down(a)}: it listed again and never saw the states between"
    ),
    "watch_lag": lambda a: f"the watch of {_who(a)} on {_kind(a)} stood still{_for(a)}",
}
"""A phrase for each kind that comes with the harness."""
