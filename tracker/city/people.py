"""The people of the demo city. Phone numbers are from the range reserved for fiction (555-0100 to 0199)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from tracker.city.addresses import Address
from tracker.city.names import words
from tracker.city.skills import SKILLS

PROS = 40
CUSTOMERS = 40
VISITOR = f"pro-{PROS}"  # whose page a visitor of the demo is given: nobody simulates them


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account. `skills` are codes (pros only); `home` is where they begin the day."""

    id: str
    role: str
    name: str
    phone: str | None
    email: str
    on_duty: bool
    skills: tuple[str, ...]
    home: Address


def full_names(rng: random.Random) -> Iterator[str]:
    """First and last names, no pair twice."""
    firsts, lasts = rng.sample(_FIRST, len(_FIRST)), rng.sample(_LAST, len(_LAST))
    for number in count():
        yield f"{firsts[number % len(firsts)]} {lasts[(number + number // len(firsts)) % len(lasts)]}"


def staff() -> list[Person]:
    """The office: one administrator and two dispatchers."""
    office = Address(41.36, -99.42, "1 Market Square, Wrenford", "Market Quarter, Wrenford")
    return [
        Person(person_id, role, name, None, f"{person_id}@example.com", False, (), office)
        for person_id, role, name in (
            ("admin-1", "admin", "Ada Okafor"),
            ("dispatcher-1", "dispatcher", "Dana Whitlock"),
            ("dispatcher-2", "dispatcher", "Felix Marsh"),
        )
    ]


def pros(rng: random.Random, names: Iterator[str], homes: Iterator[Address]) -> list[Person]:
    """Forty pros with two to four skills; every skill is known by several."""
    people = []
    for number, name in enumerate(islice(names, PROS), start=1):
        first = SKILLS[number % len(SKILLS)].code
        others = rng.sample([skill.code for skill in SKILLS if skill.code != first], rng.randrange(1, 4))
        skills = tuple(sorted((first, *others)))
        person_id = f"pro-{number}"
        people.append(
            Person(
                person_id, "pro", name, _phone(number), f"{person_id}@example.com", True, skills, next(homes)
            )
        )
    return people


def customers(names: Iterator[str], homes: Iterator[Address]) -> list[Person]:
    """Forty households."""
    people = []
    for number, name in enumerate(islice(names, CUSTOMERS), start=1):
        person_id = f"customer-{number}"
        phone = _phone(PROS + number)
        people.append(
            Person(person_id, "customer", name, phone, f"{person_id}@example.com", False, (), next(homes))
        )
    return people


def _phone(number: int) -> str:
    return f"+140255501{number:02d}"


_FIRST = words("""
Aaron Abigail Alma Amir Andre Anita Ben Bianca Carla Carlos Caleb Chen Chloe Claire Daniel Diego Elena
Eli Emma Erik Farid Fatima Grace Hana Hugo Ines Isaac Ivy Jamal Jonas Julia Kayla Keiko Leo Lina Lucia
Marcus Maya Mei Mina Nadia Nora Omar Oscar Paula Priya Quinn Rafael Rosa Ruth Sami Sara Theo Tomas Vera
""")
_LAST = words("""
Abara Adler Alvarez Banerjee Bauer Becker Bishop Brandt Castillo Chavez Cole Costa Dalton Diaz Doyle
Ellis Farouk Fischer Flores Garner Haddad Hale Hansen Ibarra Ito Jensen Kaya Keller Khan Larsen Lopez
Lund Mendes Meyer Mori Nakano Novak Nunez Olsen Ortega Park Patel Quist Ramos Reyes Rossi Sato Shah
Silva Stone Tanaka Torres Vance Vega Weber Yilmaz Zhang
""")
