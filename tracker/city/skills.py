"""What can be ordered in the demo city: a skill is what a pro must know, a service what is sold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """Something a customer can order, with its usual price range in cents."""

    name: str
    low_cents: int
    high_cents: int


@dataclass(frozen=True, slots=True)
class Skill:
    """A pro's certification. `code` is the database's key."""

    code: str
    name: str
    services: tuple[Service, ...]


SKILLS = (
    Skill(
        "tv_mounting",
        "TV mounting",
        (
            Service("Mount a 55-inch TV", 11900, 15900),
            Service("Mount a 75-inch TV above the fireplace", 18900, 25900),
            Service("Mount two TVs and hide the cables", 27900, 36900),
        ),
    ),
    Skill(
        "camera_installation",
        "Camera installation",
        (
            Service("Install a video doorbell", 8900, 12900),
            Service("Install four outdoor cameras", 28900, 39900),
        ),
    ),
    Skill(
        "pressure_washing",
        "Pressure washing",
        (
            Service("Pressure wash a driveway", 12900, 19900),
            Service("Pressure wash a house front", 24900, 38900),
            Service("Pressure wash a deck", 14900, 21900),
        ),
    ),
    Skill(
        "gutter_cleaning",
        "Gutter cleaning",
        (
            Service("Clean the gutters, one storey", 11900, 16900),
            Service("Clean the gutters, two storeys", 17900, 25900),
        ),
    ),
    Skill(
        "junk_removal",
        "Junk removal",
        (Service("Take away a sofa", 8900, 12900), Service("Clear out a garage", 29900, 49900)),
    ),
    Skill(
        "handyman",
        "Handyman work",
        (
            Service("Handyman, two hours", 13900, 16900),
            Service("Hang shelves and pictures", 8900, 13900),
            Service("Mend a fence panel", 11900, 18900),
        ),
    ),
    Skill(
        "furniture_assembly",
        "Furniture assembly",
        (
            Service("Assemble a wardrobe", 11900, 17900),
            Service("Assemble a bed and two nightstands", 13900, 18900),
        ),
    ),
    Skill(
        "window_cleaning",
        "Window cleaning",
        (
            Service("Clean ten windows, inside and out", 12900, 17900),
            Service("Clean a storefront", 7900, 11900),
        ),
    ),
    Skill(
        "lawn_care",
        "Lawn care",
        (Service("Mow and edge the lawn", 5900, 9900), Service("Trim hedges", 8900, 14900)),
    ),
    Skill(
        "appliance_installation",
        "Appliance installation",
        (
            Service("Connect a washer and a dryer", 12900, 17900),
            Service("Install a dishwasher", 16900, 22900),
        ),
    ),
)
