"""When and where a photo was taken, what is doubtful about it, and what a signature is."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import Forbidden, Invalid, NotFound
from db.jobs import Job
from rooms.principal import Principal, Role
from tests.company import DOOR
from tests.photos import opened
from tracker.evidence.capture import taken_by
from tracker.evidence.rules import (
    Doubt,
    EvidenceClosed,
    Kind,
    Taken,
    check_may_add,
    distance_m,
    doubts_of,
    may_see,
)
from tracker.evidence.strokes import MAX_POINTS, Signature, draw

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ARRIVED, FINISHED = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
LIVERPOOL, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
PAT, QUINN = Principal("pat", Role.PRO), Principal("quinn", Role.PRO)
CLEO, ZOE = Principal("cleo", Role.CUSTOMER), Principal("zoe", Role.CUSTOMER)
DEE = Principal("dee", Role.DISPATCHER)


def job(status: str = "completed", **facts: Any) -> Job:
    """Pat's job at Cleo's door; as much of it as the rules look at."""
    empty: dict[str, Any] = {field.name: None for field in dataclasses.fields(Job)}
    given = {"id": uuid4(), "customer_id": "cleo", "pro_id": "pat", "lat": DOOR[0], "lng": DOOR[1]}
    times = {"arrived_at": ARRIVED, "finished_at": FINISHED if status in ("completed", "paid") else None}
    return Job(**{**empty, **given, **times, "status": status, "order_stage": "NOT_NEEDED", **facts})


def doubts(taken: Taken, of: Job | None = None) -> list[Doubt]:
    return doubts_of(of or job(), taken, NOW)


def north_by(metres: float) -> dict[str, float]:
    return {"lat": DOOR[0] + metres / 111_250, "lng": DOOR[1]}


def test_a_photo_of_the_visit_has_no_doubts() -> None:
    assert doubts(Taken(ARRIVED, *DOOR)) == []


def test_a_photo_from_elsewhere_is_doubtful_beyond_its_uncertainty() -> None:
    assert doubts(Taken(ARRIVED, **north_by(290))) == []
    assert doubts(Taken(ARRIVED, **north_by(310))) == [Doubt.TAKEN_ELSEWHERE]
    assert doubts(Taken(ARRIVED, **north_by(310), accuracy_m=50)) == []
    assert doubts(Taken(ARRIVED, **north_by(2000), accuracy_m=1e9)) == [Doubt.TAKEN_ELSEWHERE]
    assert distance_m(job(), Taken(**north_by(310))) == pytest.approx(310, abs=2)


def test_a_photo_of_another_time_is_doubtful_half_an_hour_around_the_visit() -> None:
    for minutes, found in ((-31, True), (-29, False)):
        at = ARRIVED + timedelta(minutes=minutes)
        assert (doubts(Taken(at, *DOOR)) == [Doubt.TAKEN_AT_ANOTHER_TIME]) is found
    for minutes, found in ((29, False), (31, True)):
        at = FINISHED + timedelta(minutes=minutes)
        assert (doubts(Taken(at, *DOOR)) == [Doubt.TAKEN_AT_ANOTHER_TIME]) is found


def test_before_an_arrival_was_tapped_a_photo_is_of_its_upload() -> None:
    early = job("accepted", arrived_at=None)
    assert doubts(Taken(NOW - timedelta(minutes=20), *DOOR), early) == []
    assert doubts(Taken(NOW - timedelta(hours=1), *DOOR), early) == [Doubt.TAKEN_AT_ANOTHER_TIME]
    started = job("in_progress", arrived_at=None, started_at=ARRIVED)
    assert doubts(Taken(ARRIVED, *DOOR), started) == []


def test_a_photo_that_says_nothing_is_doubtful_for_that() -> None:
    assert doubts(Taken()) == [Doubt.NO_CAPTURE_TIME, Doubt.NO_PLACE]
    assert doubts(Taken(ARRIVED, lat=1.0)) == [Doubt.NO_PLACE]


def test_a_photo_editors_name_in_a_photo_is_doubtful_and_a_phones_is_not() -> None:
    assert doubts(Taken(ARRIVED, *DOOR, software="Adobe Photoshop 27.0")) == [Doubt.EDITED_SOFTWARE]
    assert doubts(Taken(ARRIVED, *DOOR, software="26.1.2")) == []


def exif(**facts: Any) -> dict[str, Any]:
    return {"taken": "2026:07:01 10:30:00", **facts}


def test_the_cameras_word_is_believed_before_the_devices() -> None:
    device = Taken(NOW, 1.0, 2.0, 5.0)
    said = taken_by(exif(offset="+02:00", lat=50.0, lng=3.0, accuracy_m=9.0, software="s"), device, LIVERPOOL)
    assert said == Taken(datetime(2026, 7, 1, 8, 30, tzinfo=UTC), 50.0, 3.0, 9.0, "s")
    assert taken_by({}, device, LIVERPOOL) == device
    west = taken_by(exif(offset="-09:30"), device, LIVERPOOL)
    assert (west.at, west.lat) == (datetime(2026, 7, 1, 20, tzinfo=UTC), 1.0)


def test_without_an_offset_the_satellites_time_counts_and_then_the_companys_zone() -> None:
    stars = {"gps_date": "2026:07:01", "gps_time": [9, 29, 58.5]}
    assert taken_by(exif(**stars), Taken(), NEW_YORK).at == datetime(2026, 7, 1, 9, 29, 58, 500_000, UTC)
    assert taken_by(exif(), Taken(), NEW_YORK).at == datetime(2026, 7, 1, 14, 30, tzinfo=UTC)
    winter = {"taken": "2026:01:01 10:30:00"}
    assert taken_by(winter, Taken(), NEW_YORK).at == datetime(2026, 1, 1, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"taken": "0000:00:00 00:00:00"},
        {"taken": "    :  :     :  :  "},
        {"taken": "2026:13:41 25:61:61"},
        {"taken": "0001:01:01 00:00:00", "offset": "+14:00"},
        {"taken": "1980:01:01 00:00:00"},
        {"gps_date": "0001:01:01", "gps_time": [1.0, 0, 0]},
        {"gps_date": "9999:12:31", "gps_time": [24, 0, 0]},
        {"gps_date": "2026:07:01"},
        {"gps_date": "2026:07:01", "gps_time": [-1.0, 0, 0]},
        {"lat": 0.0, "lng": 0.0},
        {"lat": 999.0, "lng": 0.5},
        {"lat": 5.0},
        {"lat": 5.0, "lng": -181.0, "accuracy_m": 1e8},
    ],
)
def test_what_a_camera_cannot_have_meant_is_not_believed(spoilt: dict[str, Any]) -> None:
    said = taken_by(spoilt, Taken(), ZoneInfo("Pacific/Kiritimati"))
    assert (said.at, said.lat, said.accuracy_m) == (None, None, None)


def test_a_camera_at_the_end_of_time_is_of_another_time() -> None:
    said = taken_by({"taken": "9999:12:31 23:59:59", "offset": "-14:00"}, Taken(), NEW_YORK)
    assert said.at is None
    said = taken_by({"taken": "9999:12:31 12:00:00", "offset": "+01:00"}, Taken(), NEW_YORK)
    assert Doubt.TAKEN_AT_ANOTHER_TIME in doubts(said)


@given(
    st.text(max_size=30),
    st.text(max_size=10),
    st.floats(),
    st.floats(),
    st.lists(st.floats(), min_size=3, max_size=3),
)
def test_whatever_a_camera_wrote_is_a_time_and_a_place_or_nothing(
    taken: str, offset: str, lat: float, lng: float, time: list[float]
) -> None:
    said = taken_by(
        {"taken": taken, "offset": offset, "lat": lat, "lng": lng, "gps_date": taken, "gps_time": time},
        Taken(),
        NEW_YORK,
    )
    assert said.at is None or said.at.tzinfo is not None
    assert said.lat is None or -90 <= said.lat <= 90
    doubts(said)


def test_the_jobs_pro_adds_evidence_from_its_acceptance_to_a_week_after_its_end() -> None:
    for status in ("accepted", "scheduled", "en_route", "arrived", "in_progress", "completed", "paid"):
        check_may_add(PAT, job(status), NOW)
        check_may_add(DEE, job(status), NOW)
    late = FINISHED + timedelta(days=7, seconds=1)
    with pytest.raises(EvidenceClosed):
        check_may_add(PAT, job("completed"), late)
    check_may_add(DEE, job("completed"), late)
    with pytest.raises(EvidenceClosed):
        check_may_add(PAT, job("cancelled"), NOW)
    check_may_add(DEE, job("open", pro_id=None), NOW)


def test_nobody_else_adds_any() -> None:
    with pytest.raises(Forbidden):
        check_may_add(CLEO, job(), NOW)
    for stranger in (QUINN, ZOE, Principal("link:1", Role.CUSTOMER, job_id=str(uuid4()))):
        with pytest.raises(NotFound):
            check_may_add(stranger, job(), NOW)


def test_the_parties_see_all_of_it_and_a_link_the_photos_of_a_job_that_is_done() -> None:
    for status in ("in_progress", "completed", "paid"):
        one = job(status)
        link = Principal("link:1", Role.CUSTOMER, job_id=str(one.id))
        for kind in Kind:
            assert all(may_see(party, one, kind) for party in (DEE, PAT, CLEO))
            assert not any(may_see(stranger, one, kind) for stranger in (QUINN, ZOE))
            assert may_see(link, one, kind) is (status != "in_progress" and kind is not Kind.SIGNATURE)
            assert not may_see(link, job(status), kind)


def test_a_drawn_signature_becomes_black_lines_on_white() -> None:
    made = draw(Signature([[(10, 10), (90, 40)], [(50, 10), (50, 40)]], width=100, height=50))
    image = opened(made.picture)
    assert (image.format, image.mode, image.size) == ("PNG", "L", (1280, 640))
    assert image.getpixel((640, 320)) == 0  # the crossing, in the middle
    assert image.getpixel((1, 1)) == 255
    assert opened(made.thumbnail).size == (480, 240)
    assert made.picture == draw(Signature([[(10, 10), (90, 40)], [(50, 10), (50, 40)]], 100, 50)).picture


def test_a_dot_over_an_i_is_seen() -> None:
    made = draw(Signature([[(50, 25)], [(10, 40), (20, 40), (30, 40)]], width=100, height=50))
    assert opened(made.picture).getpixel((640, 320)) == 0


def test_what_is_no_signature_is_refused() -> None:
    with pytest.raises(Invalid, match="no signature"):
        Signature([[(1, 1), (2, 2), (3, 3)]], 100, 50)
    with pytest.raises(Invalid, match="points"):
        Signature([[(1, 1)] * (MAX_POINTS + 1)], 100, 50)
    for outside in ((101, 1), (1, 51), (-0.1, 1), (float("nan"), 1)):
        with pytest.raises(Invalid, match="outside"):
            Signature([[(1, 1), (2, 2), (3, 3), outside]], 100, 50)


def test_zones_of_fixed_offset_are_the_same_moments() -> None:
    at = datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    said = taken_by(exif(offset="+05:45"), Taken(), LIVERPOOL)
    assert said.at == at
