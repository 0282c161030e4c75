"""Who lives in the demo city and what is to be done there: everything fits together."""

from __future__ import annotations

import re
import uuid
from collections import Counter

import pytest
from pyproj import Geod

from tracker.city.seed import STATUSES, WORTH_WATCHING_M, City, build_city

EARTH = Geod(ellps="WGS84")
cities = pytest.mark.parametrize("city", [build_city(1), build_city(2)], ids=["seed 1", "seed 2"])
HAS_A_PRO = {"accepted", "scheduled", "en_route", "arrived", "in_progress", "completed"}
HAS_NO_PRO = {"pending", "pending_scheduling", "open", "cancelled"}
ONE_AT_A_TIME = {"accepted", "en_route", "arrived", "in_progress"}


@cities
def test_there_are_forty_pros_forty_customers_an_office_and_jobs_in_every_status(city: City) -> None:
    roles = Counter(person.role for person in city.people)
    assert roles == {"pro": 40, "customer": 40, "dispatcher": 2, "admin": 1}
    assert Counter(job.status for job in city.jobs) == STATUSES
    assert len(city.jobs) == 120


@cities
def test_ids_names_phones_and_emails_are_nobody_elses(city: City) -> None:
    for values in (
        [person.id for person in city.people],
        [person.name for person in city.people],
        [person.email for person in city.people],
        [person.phone for person in city.people if person.phone],
        [job.id for job in city.jobs],
    ):
        assert len(set(values)) == len(values)
    assert all(uuid.UUID(job.id) for job in city.jobs)
    assert all(re.fullmatch(r"\+14025550[1]\d\d", person.phone) for person in city.people if person.phone)
    assert all(person.email.endswith("@example.com") for person in city.people)


@cities
def test_every_job_is_for_a_customer_at_home_by_a_pro_who_can_do_it(city: City) -> None:
    skills = {skill.code for skill in city.skills}
    for job in city.jobs:
        customer = city.person[job.customer_id]
        assert customer.role == "customer"
        assert (job.lat, job.lng, job.address) == (customer.home.lat, customer.home.lng, customer.home.text)
        assert job.skill in skills
        if job.status in HAS_A_PRO:
            assert job.pro_id is not None
            assert job.skill in city.person[job.pro_id].skills
        else:
            assert job.status in HAS_NO_PRO
            assert job.pro_id is None


@cities
def test_a_pro_does_one_job_at_a_time(city: City) -> None:
    busy = Counter(job.pro_id for job in city.jobs if job.status in ONE_AT_A_TIME)
    assert set(busy.values()) == {1}


@cities
def test_every_skill_is_known_by_several_pros_and_wanted_by_someone(city: City) -> None:
    known = Counter(skill for person in city.people for skill in person.skills)
    wanted = {job.skill for job in city.jobs}
    for skill in city.skills:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", skill.code)
        assert known[skill.code] >= 3
        assert skill.code in wanted


@cities
def test_every_address_lies_on_its_street(city: City) -> None:
    homes = [person.home for person in city.people if person.role in ("pro", "customer")]
    assert len({home.text for home in homes}) == len(homes)
    for home in homes:
        place = city.network.nearest(home.lat, home.lng)
        assert EARTH.inv(home.lng, home.lat, place.lng, place.lat)[2] < 0.5
        assert f" {city.network.edges[place.edge].name}, Wrenford" in home.text
        assert city.network.edges[place.edge].name not in home.approximate


@cities
def test_a_pro_on_the_way_has_some_way_to_go(city: City) -> None:
    for job in city.jobs:
        if job.status == "en_route":
            home = city.person[job.pro_id or ""].home
            assert EARTH.inv(home.lng, home.lat, job.lng, job.lat)[2] > WORTH_WATCHING_M * 0.99


@cities
def test_every_history_is_a_legal_way_through_the_lifecycle_in_the_past(city: City) -> None:
    for job in city.jobs:
        ages = [step.age_s for step in job.history]
        assert ages == sorted(ages, reverse=True)
        assert min(ages) > 0
        assert job.history[0].status == "pending"


@cities
def test_prices_are_whole_cents_in_the_usual_range(city: City) -> None:
    ranges = {service.name: service for skill in city.skills for service in skill.services}
    for job in city.jobs:
        service = ranges[job.service]
        assert service.low_cents <= job.price_cents <= service.high_cents
