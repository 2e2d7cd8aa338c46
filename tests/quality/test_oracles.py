"""Each property is worth having, and none cries at everything. The whole table: `python -m tests.quality.oracles`."""

from pathlib import Path

import pytest

from harness import registry
from reference_impl.zoo import ZOO
from tests.quality.oracles import Sight, everywhere, look, useless

CLAIMS = [claim.name for claim in registry.properties()]


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS)
def test_without_it_something_in_the_zoo_is_missed(claim: str, tmp_path: Path) -> None:
    sights = []
    for entry in (entry for entry in ZOO if entry.property == claim):
        sights.append(look(entry, str(tmp_path), bounded=True))
        if sights[-1].counts:
            assert claim in sights[-1].seen_by
            return
    pytest.fail(f"switching {claim} off makes no difference to {[sight.entry for sight in sights]}")


def test_a_property_whose_entries_others_find_is_told() -> None:
    found = Sight(entry="a", claim="idempotent", found=True, seen_by=("idempotent", "converges"), without="converges")
    assert useless([found]) == ["idempotent"]
    alone = Sight(entry="b", claim="converges", found=True, seen_by=("converges",))
    assert useless([found, alone]) == ["idempotent"]
    assert everywhere([found, alone]) == ["converges"]
