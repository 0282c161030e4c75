"""The messages in English. The same keys as in every other catalogue; `texts.py` says how they are filled."""

from __future__ import annotations

from tracker.messages.catalogue import Catalogue, ReceiptWords, Texts
from tracker.messages.kinds import Kind

ENGLISH = Catalogue(
    texts={
        Kind.JOB_WON: Texts(
            title="You got the job",
            body="{service} for {customer}, {address}{when}.",
            sms="{company}: You got the job! {service} for {customer}, {address}{when}.",
        ),
        Kind.JOB_LOST: Texts(
            title="A job is not yours any more",
            body="{service}{when}: you need not go. It was given to somebody else or taken back.",
            sms="{company}: {service}{when} is not yours any more, so you need not go.",
        ),
        Kind.WHO_COMES: Texts(
            title="{pro} takes care of it",
            body="{pro} comes for: {service}{when}.",
            sms="{company}: {pro} comes for: {service}{when}.",
        ),
        Kind.APPOINTMENT: Texts(
            title="Your appointment",
            body="{service}: {window}.",
            sms="{company}: your appointment for {service} is {window}.",
        ),
        Kind.ON_THE_WAY: Texts(
            title="{pro} is on the way",
            body="{service}{eta}.",
            sms="{company}: {pro} is on the way{eta}. Track here: {link}",
        ),
        Kind.ARRIVED: Texts(
            title="{pro} has arrived",
            body="{service}: {pro} is at your door.",
            sms="{company}: {pro} has arrived.",
        ),
        Kind.RECEIPT: Texts(title="Your receipt from {company}", body="{service}: {amount}. Thank you!"),
        Kind.REVIEW_REQUEST: Texts(
            title="How was it?", body="{service} with {other}: please rate it, 1 to 5 stars."
        ),
        Kind.PAYOUT_PAID: Texts(title="Your payout is on its way", body="{amount} was sent to your account."),
        Kind.CANCELLED: Texts(
            title="Job cancelled",
            body="{service}{when} does not take place.",
            sms="{company}: {service}{when} is cancelled.",
        ),
        Kind.PAYMENT_REQUEST: Texts(
            title="Please confirm your payment",
            body="{service}: {amount}. Nothing is charged before the work is done.",
            sms="{company}: please confirm {amount} for {service}: {url}",
        ),
        Kind.ALERT: Texts(title="{title}", body="{body}"),
    },
    when=", {window}",
    eta=", about {minutes} min",
    window="{weekday} {day} {month}, {begin}–{end}",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    open_page="Open",
    receipt=ReceiptWords(
        tip="Tip",
        total="Total",
        charged="Charged to your card",
        refunded="Given back",
        open="Still to be charged",
        sandbox="This is a sandbox: no money was moved.",
        thanks="Thank you for having us, {customer}.",
        job="Your job",
        address="Address",
        done_by="Done by",
        started="Started",
        finished="Finished",
        labour="Time on site",
        minutes="{minutes} min",
        before="Before",
        after="After",
        reference="Reference",
        moment="{weekday} {day} {month} {year}, {time}",
    ),
)
