"""The registry's names are those that kinds refer to."""

import pytest

from reference_impl.builtin_kinds import CONTROLLER_OF
from reference_impl.controllers.registry_b import CONTROLLERS_B
from reference_impl.runtime import Client, Component, Controller
from tests.reference_impl.controllers.world import open_world, run


@pytest.mark.parametrize("name", ["statefulset", "job", "endpointslice", "load-balancer", "disruption"])
def test_each_name_is_a_factory_that_some_kind_needs(name: str) -> None:
    async def test() -> None:
        async with open_world() as world:
            made = CONTROLLERS_B[name](Client(world.plane.environment(name)))
            parts = [made] if isinstance(made, Controller | Component) else made
            assert parts[0].name == name
            assert any(name in names for names in CONTROLLER_OF.values())

    run(test)
