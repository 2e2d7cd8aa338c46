"""A Job's ledger: entered once, settled once."""

from reference_impl.controllers.job_accounting import MAX_UNCOUNTED, TRACKING_FINALIZER, count, ledger_of
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject


def job(mode: str = "NonIndexed", completions: int = 5, **status: object) -> JsonObject:
    return {"metadata": {"name": "sum"}, "spec": {"completionMode": mode, "completions": completions}, "status": status}


def pod(uid: str, phase: str, *, tracked: bool = True, deleting: bool = False, index: int | None = None) -> JsonObject:
    metadata: JsonObject = {"name": uid, "uid": uid, "finalizers": [TRACKING_FINALIZER] if tracked else []}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    if index is not None:
        metadata["annotations"] = {"batch.kubernetes.io/job-completion-index": str(index)}
    return {"metadata": metadata, "status": {"phase": phase}}


def test_ended_pods_are_entered_and_running_ones_are_not() -> None:
    done = count(job(), [pod("a", "Succeeded"), pod("b", "Failed"), pod("c", "Running")])
    assert (done.ledger.uncounted_succeeded, done.ledger.uncounted_failed) == (["a"], ["b"])
    assert (done.succeeded, done.failed) == (1, 1)
    assert [uid_of(one) for one in done.finished] == ["a", "b"]


def test_a_pod_that_is_entered_already_is_not_entered_again() -> None:
    done = count(job(uncountedTerminatedPods={"succeeded": ["a"]}), [pod("a", "Succeeded")])
    assert done.ledger.uncounted_succeeded == ["a"]
    assert (done.succeeded, done.ledger.succeeded) == (1, 0)


def test_an_entry_whose_finalizer_is_gone_moves_to_the_counter() -> None:
    done = count(job(succeeded=2, uncountedTerminatedPods={"succeeded": ["a"]}), [pod("a", "Succeeded", tracked=False)])
    assert (done.ledger.succeeded, done.ledger.uncounted_succeeded) == (3, [])


def test_a_pod_without_the_finalizer_counts_no_more() -> None:
    done = count(job(succeeded=1), [pod("a", "Succeeded", tracked=False)])
    assert (done.succeeded, done.finished) == (1, [])


def test_a_pod_that_failed_in_the_ledger_cannot_succeed_later() -> None:
    entered = job(uncountedTerminatedPods={"failed": ["a"]})
    done = count(entered, [pod("a", "Succeeded", deleting=True)])
    assert (done.succeeded, done.failed) == (0, 1)


def test_a_pod_under_deletion_fails_unless_only_failed_pods_are_replaced() -> None:
    assert count(job(), [pod("a", "Running", deleting=True)]).failed == 1
    patient = job()
    patient["spec"]["podReplacementPolicy"] = "Failed"
    assert count(patient, [pod("a", "Running", deleting=True)]).failed == 0


def test_giving_up_counts_what_still_runs_as_failed() -> None:
    assert count(job(), [pod("a", "Running")], give_up=True).failed == 1


def test_an_index_is_counted_once_whoever_completes_it() -> None:
    pods = [pod("a", "Succeeded", index=1), pod("b", "Succeeded", index=1), pod("c", "Succeeded", index=9)]
    done = count(job("Indexed", completedIndexes="0"), pods)
    assert (done.ledger.indexes, done.succeeded, len(done.finished)) == ([0, 1], 2, 3)


def test_the_uncounted_list_stays_short() -> None:
    done = count(job(completions=1000), [pod(f"p{number:04}", "Succeeded") for number in range(MAX_UNCOUNTED + 1)])
    assert done.ledger.uncounted_count == len(done.finished) == MAX_UNCOUNTED


def test_a_ledger_writes_what_it_read() -> None:
    status: JsonObject = {"succeeded": 2, "failed": 1, "uncountedTerminatedPods": {"failed": ["x"]}}
    written: JsonObject = {}
    ledger_of(job(**status)).write_to(job(), written)
    assert written == status
