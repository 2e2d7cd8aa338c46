"""The registry's names are those that kinds refer to."""

import pytest

from reference_impl.builtin_kinds import CONTROLLER_OF, EVERY_KIND_CONTROLLERS
from reference_impl.controllers import CONTROLLERS
from reference_impl.runtime import Client, Component, Controller
from tests.reference_impl.controllers.world import open_world, run

FIRST_PARTS = {"node-lifecycle": "node-monitor"}
"""Of processes whose first part has a name of its own."""


@pytest.mark.parametrize("name", list(CONTROLLERS))
def test_each_name_is_a_factory_that_some_kind_needs(name: str) -> None:
    async def test() -> None:
        async with open_world() as world:
            made = CONTROLLERS[name](Client(world.plane.environment(name)))
            parts = [made] if isinstance(made, Controller | Component) else made
            assert all(isinstance(part, Controller | Component) for part in parts)
            assert parts[0].name == FIRST_PARTS.get(name, name)
            assert any(name in names for names in (*CONTROLLER_OF.values(), EVERY_KIND_CONTROLLERS))

    run(test)
