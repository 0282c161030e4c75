"""GPX traces: both versions, no tricks, and a line number for every mistake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.replay.gpx_traces import read_gpx
from tracker.replay.reading import read_traces
from tracker.replay.traces import BadTrace

GPX_1_1 = b"""<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"
     xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
  <metadata><time>2020-01-01T00:00:00Z</time><name>not a track</name></metadata>
  <wpt lat="9" lon="9"><name>not a fix</name></wpt>
  <trk><name>Van 7</name>
    <trkseg>
      <trkpt lat="53.4" lon="-2.9"><ele>12</ele><time>2026-01-26T15:57:02Z</time><extensions>
        <gpxtpx:TrackPointExtension><gpxtpx:speed>4.5</gpxtpx:speed><gpxtpx:course>370e-1</gpxtpx:course>
        </gpxtpx:TrackPointExtension></extensions></trkpt>
    </trkseg>
    <trkseg><trkpt lat="53.5" lon="-2.8"><time>2026-01-26T15:58:02Z</time></trkpt></trkseg>
  </trk>
  <trk><name>Van 7</name><trkseg>
    <trkpt lat="1" lon="2"><time>2026-01-26T15:57:02Z</time></trkpt>
  </trkseg></trk>
  <trk><name>empty</name></trk>
</gpx>
"""
GPX_1_0 = b"""<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0"><trk><trkseg>
<trkpt lat="53.4" lon="-2.9"><time>2026-01-26T15:57:02Z</time><course>90</course><speed>3</speed></trkpt>
</trkseg></trk></gpx>"""


def point(inside: str, attributes: str = 'lat="1" lon="2"') -> bytes:
    """A GPX file with one point, on line 2."""
    return f"<gpx><trk><trkseg>\n<trkpt {attributes}>{inside}</trkpt></trkseg></trk></gpx>".encode()


def test_tracks_of_gpx_1_1_are_vehicles_and_their_segments_are_joined() -> None:
    one, two = read_gpx(GPX_1_1)
    assert (one.vehicle, two.vehicle) == ("Van 7", "track 2")
    first, second = one.fixes
    assert first.recorded_at == datetime(2026, 1, 26, 15, 57, 2, tzinfo=UTC)
    assert (first.lat, first.lng, first.speed_mps, first.heading_deg) == (53.4, -2.9, 4.5, 37.0)
    assert (second.lat, second.speed_mps, second.heading_deg) == (53.5, None, None)


def test_gpx_1_0_has_speed_and_course_of_its_own() -> None:
    (trace,) = read_gpx(GPX_1_0)
    assert trace.vehicle == "track 1"
    assert (trace.fixes[0].speed_mps, trace.fixes[0].heading_deg) == (3.0, 90.0)


def test_files_are_told_apart_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "trip.txt"
    path.write_bytes(b"\xef\xbb\xbf" + GPX_1_0)
    assert len(read_traces(path)) == 1
    path.write_bytes(GPX_1_0.decode().encode("utf-16"))
    assert len(read_traces(path)) == 1
    path.write_bytes(b"lat,lng,time\n1,2,3\n")
    assert len(read_traces(path)) == 1


def test_an_entity_bomb_is_refused_before_anything_is_expanded() -> None:
    bomb = b"""<?xml version="1.0"?>
<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<gpx><trk><name>&b;</name></trk></gpx>"""
    with pytest.raises(BadTrace, match="document type") as caught:
        read_gpx(bomb)
    assert caught.value.line == 2


def test_an_external_file_is_never_read() -> None:
    with pytest.raises(BadTrace, match="document type"):
        read_gpx(b'<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>')


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"<gpx>", 1, "not XML"),
        (b"<gpx>\n<trk></gpx>", 2, "not XML"),
        (b"<gpx>\n&undefined;</gpx>", 2, "not XML"),
        (b"<kml/>", 1, "not GPX"),
        (b'<gpx xmlns="urn:other"/>', 1, "not GPX"),
        (b"<gpx/>", None, "no track points"),
        (point("<time>2026-01-26T15:57:02Z</time>", 'lat="1"'), 2, "longitude is missing"),
        (point("<time>2026-01-26T15:57:02Z</time>", 'lat="91" lon="2"'), 2, "between"),
        (point("<time>2026-01-26T15:57:02Z</time>", 'lat="inf" lon="2"'), 2, "not a number"),
        (point(""), 2, "time is missing"),
        (point("<time>soon</time>"), 2, "not a time"),
        (point("<time>2026-01-26T15:57:02Z</time><speed>fast</speed>"), 2, "speed"),
    ],
)
def test_a_bad_file_is_an_error_that_names_its_line(content: bytes, line: int | None, word: str) -> None:
    with pytest.raises(BadTrace, match=word) as caught:
        read_gpx(content)
    assert caught.value.line == line


def test_a_point_outside_a_track_is_no_fix() -> None:
    with pytest.raises(BadTrace, match="no track points"):
        read_gpx(b'<gpx><rte><rtept lat="1" lon="2"/></rte><trkpt lat="1" lon="2"/></gpx>')
