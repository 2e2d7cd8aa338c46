from harness.faults.permission_revoked import PermissionRevoked
from reference_impl.protocol import ApiRequest
from tests.harness.faults.scene import CREATE, arm, fired, replies, size, stage, struck_by

FAULT = PermissionRevoked()


def test_a_component_gets_403_for_a_while() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create", values={"seconds": 30.0})
        example.act(CREATE)
        assert fired(example) == ["permission_revoked"]
        assert size(example) is None
        assert set(replies(example)) == {"Forbidden"}
        example.world.heal()
        example.pass_time(30.0)
        assert size(example) == "2"


def test_it_is_worded_as_kubernetes_words_it() -> None:
    with stage() as example:
        arm(example, FAULT, "request", component="website", verb="create")
        example.act(CREATE)
        world = example.world
        process = world.process("website")
        refused = world.refusal(
            process, 0, ApiRequest(verb="create", api_version="v1", kind="ConfigMap", namespace="a")
        )
        assert str(refused) == (
            'configmaps is forbidden: User "website" cannot create resource "configmaps" in API group "" '
            'in the namespace "a"'
        )


def test_open_streams_stay_open() -> None:
    assert struck_by(FAULT) == {"command", "update", "read"}
