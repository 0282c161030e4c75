"""A drive for somebody who is nowhere near the city: what their phone would say, second by second."""

from __future__ import annotations

from tracker.city.drive import Drive, advance, has_arrived, prepare, where
from tracker.city.network import Network
from tracker.city.phone import Fix, Phone, read_fix
from tracker.city.routes import Route, find_route

EVERY_S = 1.0
LONGEST_S = 3600  # longer than any way through the city takes
SEED = 1  # the same way is always driven in the same manner


def made_up_drive(network: Network, start: tuple[float, float], goal: tuple[float, float]) -> list[Fix]:
    """The readings of a phone that is driven from `start` to `goal` ((lat, lng)), `EVERY_S` apart.

    The drive keeps to the streets: it begins and ends on those nearest to the two places. There is always at
    least one reading; the last is of a phone that stands at the goal.
    """
    trip = prepare(way(network, start, goal), SEED)
    drive, phone = Drive(), Phone(SEED)
    fixes: list[Fix] = []
    while len(fixes) < LONGEST_S:
        phone, fix = read_fix(phone, network.plane, where(trip, drive), EVERY_S)
        fixes.append(fix)
        if has_arrived(trip, drive):
            break
        drive = advance(trip, drive, EVERY_S)
    return fixes


def standing_at(network: Network, place: tuple[float, float]) -> Fix:
    """The reading of a phone that does not move, on the street nearest to `place`."""
    return made_up_drive(network, place, place)[-1]


def way(network: Network, start: tuple[float, float], goal: tuple[float, float]) -> Route:
    """The quickest way between the streets nearest to two places (lat, lng)."""
    return find_route(network, network.nearest(*start), network.nearest(*goal))


def usual_s(route: Route) -> float:
    """About how long a way takes, without what happens at junctions: its legs at their speed limits."""
    return sum(leg.length_m / leg.speed_limit_mps for leg in route.legs)
