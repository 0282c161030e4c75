"""What a pro learns of an address before the claim: the street, never the door."""

from __future__ import annotations

import pytest

from tracker.jobs.intake import approximate


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("482 Alder Street, Apt 3, Riverton", "Alder Street, Riverton"),
        ("482 Alder Street Apt 3, Riverton", "Alder Street, Riverton"),
        ("482 Alder Street #3, Riverton", "Alder Street, Riverton"),
        ("221B Baker Street, London", "Baker Street, London"),
        ("12-14 Castle Street, Liverpool", "Castle Street, Liverpool"),
        ("12 1/2 Alder Street, Riverton", "Alder Street, Riverton"),
        ("No. 7 Alder Street, Riverton", "Alder Street, Riverton"),
        ("Hauptstraße 12, Berlin", "Hauptstraße, Berlin"),
        ("Hauptstraße 12 b, 10115 Berlin", "Hauptstraße, 10115 Berlin"),
        ("12, Castle Street, Liverpool", "Castle Street, Liverpool"),
        ("Flat 3 12 Castle Street, Liverpool", "Liverpool"),
        ("5th Avenue, New York", "5th Avenue, New York"),
        ("31 3rd Street, Riverton", "3rd Street, Riverton"),
        ("Flatbush Avenue, Brooklyn", "Flatbush Avenue, Brooklyn"),
        ("12", "Address on request"),
        ("Apt 3", "Address on request"),
    ],
)
def test_the_number_and_the_unit_stay_behind(address: str, told: str) -> None:
    assert approximate(address) == told
