"""A story as `pbit_grid` would tell it, with figures made up for the layout alone."""

import pytest

from thermosim.report.story import Badge, Fact, Part, Section, Story, Table


@pytest.fixture
def story() -> Story:
    return Story(
        name="pbit_grid",
        description="70 x 70 all-transistor p-bits, 12 neighbours each, two-colour updates.",
        run="4,900 p-bits, 29,400 couplings; 64 replicas x 4,000 sweeps (4 ms) after 500; seed 1",
        sections=(
            Section(
                "Mixing",
                Badge("not settled", "warn"),
                (
                    Fact("slowest observable", "grid:projection[7]"),
                    Fact("integrated time", "2.31 ± 0.04 sweeps", "2.31 us"),
                ),
                remarks=("the halves of the chains disagree <beyond> chance",),
            ),
            Section(
                "Energy",
                facts=(Fact("per effective sample", "11.9 nJ", "8.1 nJ to 19 nJ by the cards' spreads"),),
                parts=(
                    Part("s: random number", 0.45, "3.2 nJ", "modelled"),
                    Part("s: wires", 0.004, "28 pJ", "assumed"),
                ),
            ),
            Section(
                "Target",
                tables=(
                    Table(
                        ("distance", "hardware", "perfect sampler"),
                        (("total variation", "0.038 ± 0.001", "0.0380"),),
                        (False, True, True),
                    ),
                ),
            ),
        ),
    )
