"""The controller in bad weather, as one test. `pytest --seatrial-examples 200` looks longer."""

from website import website

from seatrial import Trial, check


def test_website_survives_bad_weather() -> None:
    check(
        Trial(
            controllers=[website],
            manifests=["crd.yaml", "site.yaml"],
            edits={"Website.spec.title": ["Welcome", "Closed"]},
        ),
        examples=30,
    )
