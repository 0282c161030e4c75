"""A mail's words: how a pending delivery becomes a `Mail`."""

from __future__ import annotations

import logging

from db.evidence import Evidence, photos_of_job
from db.payments import payments_of_job
from tracker.effects.task import GiveUp, Postpone, Tools
from tracker.evidence.store_problems import NoSuchFile, StoreUnavailable
from tracker.messages import pages
from tracker.messages.channels import Mail, Picture
from tracker.messages.kinds import Kind
from tracker.messages.link_in import tracking_page
from tracker.messages.mail_parts import one_line
from tracker.messages.pending import Pending
from tracker.messages.receipt import Photo, bill_of, receipt_html, receipt_text
from tracker.messages.sending import Calls

log = logging.getLogger("tracker.messages")

MOST_PHOTOS = 3  # before, and as many after: a mail larger than a few megabytes is turned away by many
STORE_AGAIN_S = 60.0
SILENCE_S = 600.0  # a mail's one resend is made blindly, so a service that is down gets time to come back


async def mail_for(tools: Tools, pending: Pending) -> Mail:
    """The mail to send. Raises Unavailable, and Postpone while the photos' store is away."""
    if pending.kind is Kind.RECEIPT:
        return await _receipt(tools, pending)
    title, body, voice = pending.notification.title, pending.notification.body, pending.voice
    url = (
        tracking_page(tools.settings, pending.link)
        if pending.link
        else pending.notification.facts.get("url", "")
    )
    inner = pages.paragraph(body) + (pages.button(voice.catalogue.open_page, url) if url else "")
    return _mail(
        pending,
        text=f"{body}\n\n{url}\n\n{voice.company}\n" if url else f"{body}\n\n{voice.company}\n",
        html=pages.page(title, voice.company, inner, language=voice.language),
        secret=pending.link,
    )


async def _receipt(tools: Tools, pending: Pending) -> Mail:
    job, voice = pending.job, pending.voice
    if job is None:
        raise GiveUp("a receipt needs a job")
    async with tools.database.connection() as conn:
        bill = bill_of(job, await payments_of_job(conn, job.id))
        evidence = await photos_of_job(conn, job.id)
    photos = [*(await _photos(tools, evidence, "before")), *(await _photos(tools, evidence, "after"))]
    return _mail(
        pending,
        text=receipt_text(job, bill, voice),
        html=receipt_html(job, bill, photos, pending.notification.title, voice),
        pictures=tuple(photo.picture for photo in photos),
    )


async def _photos(tools: Tools, evidence: list[Evidence], kind: str) -> list[Photo]:
    """The first photos of a kind, as thumbnails."""
    photos = []
    for number, one in enumerate([one for one in evidence if one.kind == kind][:MOST_PHOTOS], start=1):
        try:
            data = await tools.providers.store.get(one.thumb_key)
        except NoSuchFile:  # removed a moment ago
            log.warning("a photo of job %s is gone", one.job_id)
            continue
        except StoreUnavailable as error:
            raise Postpone("the store of photos does not answer", STORE_AGAIN_S) from error
        photos.append(Photo(kind == "after", Picture(f"{kind}-{number}.jpg", "image/jpeg", data)))
    return photos


def _mail(
    pending: Pending, *, text: str, html: str, pictures: tuple[Picture, ...] = (), secret: str = ""
) -> Mail:
    return Mail(
        delivery_id=pending.delivery.id,
        to=pending.delivery.recipient,
        subject=one_line(pending.notification.title),
        text=text,
        html=html,
        pictures=pictures,
        job_id=pending.notification.job_id,
        secret=secret,
    )


def mail_calls(tools: Tools, mail: Mail) -> Calls:
    """How to send it. No mail service can be asked whether it did."""
    sender = tools.providers.email
    return Calls(
        sender.name,
        lambda: sender.send(mail),
        repeatable=sender.name == "sandbox",
        silence_s=SILENCE_S,
    )
