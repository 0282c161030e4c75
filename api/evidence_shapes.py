"""What goes in and comes out when evidence is added and listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from api.jobs import told
from api.raw_body import RawBody
from api.services import Services
from api.shapes import Answer, Input, Instant, Latitude, Longitude, Version
from db.errors import Busy, Problem
from db.evidence import Evidence
from rooms.principal import Principal
from tracker.evidence.develop import MEDIA_TYPES, PhotoRefused
from tracker.evidence.links import LOOK_FOR, Size, signed_url
from tracker.evidence.locker import EvidenceRemoved, Kept, UploadKeyUsed
from tracker.evidence.rules import EvidenceClosed, Kind, Taken, TooMuchEvidence

MAX_BYTES = 15 * 1024 * 1024  # the largest photos that phones take by themselves have about 12 MB
PHOTO = RawBody(max_bytes=MAX_BYTES, media_types=MEDIA_TYPES, deadline_s=60)
REFUSALS: list[type[Problem]] = [
    EvidenceClosed,
    TooMuchEvidence,
    UploadKeyUsed,
    EvidenceRemoved,
    PhotoRefused,
    Busy,
]

UploadKey = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9._:-]{1,128}\Z", description="The device's own name of this upload.")
]
Accuracy = Annotated[float, Meta(ge=0, le=100_000, description="Metres (W3C Geolocation).")]


class Captured(Input):
    """What the device knows of when and where; what the camera wrote into a photo is believed first."""

    taken_at: Instant | None = None
    lat: Latitude | None = None
    lng: Longitude | None = None
    accuracy: Accuracy | None = None

    @property
    def device(self) -> Taken:
        """The same, for the rules."""
        return Taken(self.taken_at, self.lat, self.lng, self.accuracy)


class UploadFacts(Captured, kw_only=True):
    """What is sent."""

    kind: Kind
    upload_key: UploadKey


class EvidenceItem(Answer):
    """One piece. The addresses are good for five minutes. `sha256` is of the file behind `url`.

    For dispatch also: `source_sha256` of what the device sent, `distance_m` from the job's door, `doubts`.
    """

    id: str
    kind: str
    media_type: str
    bytes: int
    width: int
    height: int
    sha256: str
    taken_at: Instant | None
    created_at: Instant
    url: str
    thumb_url: str
    uploaded_by: str | None = None
    source_sha256: str | None = None
    distance_m: float | None = None
    doubts: list[str] | None = None


class KeptAnswer(Answer):
    """The piece as it is kept; `created` is False when this upload key had brought it before."""

    success: bool
    created: bool
    version: Version
    evidence: EvidenceItem


async def kept_answer(services: Services, kept: Kept, caller: Principal, now: datetime) -> KeptAnswer:
    """The answer to an upload; the rooms are told when it is new."""
    if kept.created:
        await told(services, kept.evidence.job_id, kept.version)
    return KeptAnswer(
        success=True,
        created=kept.created,
        version=kept.version,
        evidence=item_of(services, kept.evidence, caller, now),
    )


def item_of(services: Services, one: Evidence, caller: Principal, now: datetime) -> EvidenceItem:
    """A piece as this caller sees it."""
    item = EvidenceItem(
        id=str(one.id),
        kind=one.kind,
        media_type=one.media_type,
        bytes=one.bytes,
        width=one.width,
        height=one.height,
        sha256=one.sha256.hex(),
        taken_at=Instant.maybe(one.taken_at),
        created_at=Instant.of(one.created_at),
        url=_address(services, one.id, Size.PHOTO, now),
        thumb_url=_address(services, one.id, Size.THUMB, now),
    )
    if not caller.is_staff:
        return item
    return msgspec.structs.replace(
        item,
        uploaded_by=one.uploaded_by,
        source_sha256=one.source_sha256.hex(),
        distance_m=None if one.distance_m is None else round(one.distance_m, 1),
        doubts=one.doubts,
    )


def _address(services: Services, evidence_id: UUID, size: Size, now: datetime) -> str:
    """Ends on a whole minute, so that a page that asks again within it finds the picture in its cache."""
    ends_at = (now + LOOK_FOR).replace(second=0, microsecond=0)
    return signed_url(services.settings, evidence_id, size, max(ends_at, now + timedelta(minutes=1)))
