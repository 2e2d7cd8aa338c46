from harness.faults.reorder_streams import ReorderStreams
from tests.harness.faults.scene import CREATE, PATCH, arm, cloudy, fired, seen, size, stage, struck_by

FAULT = ReorderStreams()


def test_an_event_arrives_after_a_later_one_of_another_collection() -> None:
    with stage() as example:
        example.act(CREATE)
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(PATCH)
        assert fired(example) == ["reorder_streams"]
        assert size(example) == "2"
        config = {"do": "patch", "api_version": "v1", "kind": "ConfigMap", "name": "front", "namespace": "default"}
        example.act({**config, "body": {"metadata": {"labels": {"a": "b"}}}})
        assert seen(example, "Website")[-1] == ("MODIFIED", "front")
        assert size(example) == "3"


def test_it_waits_half_a_minute_at_most() -> None:
    with stage() as example:
        arm(example, FAULT, "event", component="website", kind="Website")
        example.act(CREATE)
        assert seen(example, "Website") == []
        example.pass_time(29.0)
        assert seen(example, "Website") == [("ADDED", "front")]


def test_a_client_of_one_stream_has_no_order_to_lose() -> None:
    assert struck_by(FAULT) == {"event"}
    with stage(cloudy) as example:
        arm(example, FAULT, "event", component="cloudy")
        example.act(CREATE)
        assert fired(example) == []
        assert seen(example, "Website", "cloudy") == [("ADDED", "front")]
