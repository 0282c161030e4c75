"""All three pages of one company at once: the desk, the pro's phone on its own line, the customer's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from playwright.sync_api import Browser

from tests.company import DOOR
from tests.cut_line import Line, line_to
from tests.office import open_office
from tests.pages import DESK, Visitor, visiting
from tests.ports import free_port
from tests.pro_phone import Depot
from tests.running import SECRET, token, wait_for
from tests.unharmed import DEE
from tracker.identity.links import on_the_way_link
from tracker.local_postgres import PostgresServer


@dataclass
class Stage(Depot):
    """The office, one browser for everybody, and the line that the pros' phones hang on."""

    line: Line

    @property
    def phones_url(self) -> str:
        """At the near end of the line."""
        return self.line.url

    def desk(self, fragment: str = "") -> AbstractContextManager[Visitor]:
        """Dee at the dispatch page."""
        address = f"{self.office.server.url}/dispatch#token={token(*DEE)}{fragment}"
        return visiting(self.browser, address, viewport=DESK, locale="en-US")

    def customer(self, link: str) -> AbstractContextManager[Visitor]:
        """Whoever opens a tracking link on a phone."""
        return visiting(self.browser, link, locale="en-US")

    def link(self, job_id: str) -> str:
        """A new tracking link, by dispatch."""
        return str(self.office.call(DEE, "POST", f"/api/jobs/{job_id}/tracking-link")["url"])

    def texted_link(self, job_id: str) -> str:
        """The link in the text message that the customer got; the sandbox keeps it from dispatch."""

        def texted() -> bool:
            sent = self.office.call(DEE, "GET", "/api/dispatch/sandbox?limit=200")["objects"]
            bodies = [one["body"]["body"] for one in sent if one["job_id"] == job_id and one["kind"] == "sms"]
            return any("on the way" in body and "[link]" in body for body in bodies)

        wait_for(texted, "the text message with the link")
        (version,) = [step["version"] for step in self.steps(job_id) if step["to_status"] == "en_route"]
        return f"{self.office.server.url}/track/{on_the_way_link(SECRET, UUID(job_id), version)}"

    def order(self, reference: str, service: str, price_cents: int) -> None:
        """What the company's shop sends: an order at the door, and the payment page that belongs to it."""
        customer = {"id": "cleo", "name": "Cleo Hart", "phone": "+15550102", "email": "cleo@example.com"}
        wanted = {
            "skill": "tv_mounting",
            "service": service,
            "lat": DOOR[0],
            "lng": DOOR[1],
            "address": "12 Castle Street, Apt 3, Liverpool",
            "price_cents": price_cents,
            "open": True,
        }
        paid = {
            "amount_cents": price_cents,
            "description": service,
            "request_key": reference,
            "metadata": {"order_reference": reference},
        }
        order = {"reference": reference, "customer": customer, **wanted}
        self.office.call(DEE, "POST", "/api/dispatch/orders", json=order)
        self.office.call(DEE, "POST", "/api/dispatch/sandbox/checkouts", json=paid)

    def job_called(self, service: str) -> str:
        """The id of the job whose service begins with these words."""
        jobs = self.office.call(DEE, "GET", "/api/dispatch/jobs?limit=200")["jobs"]
        (found,) = [job["id"] for job in jobs if job["service"].startswith(service)]
        return str(found)


@contextmanager
def open_stage(postgres: PostgresServer, template: str, browser: Browser) -> Iterator[Stage]:
    """Everything for a whole file of stories."""
    near = free_port()
    origin = f"http://127.0.0.1:{near}"
    with (
        open_office(postgres, template, browser, ALLOWED_ORIGINS=origin) as office,
        line_to(office.server.port or 0, at=near) as line,
    ):
        yield Stage(office, browser, line)


def pay_at_the_desk(dee: Visitor) -> None:
    """Pay the one payment page that is open in the sandbox, as the customer would."""
    dee.page.click("#sandbox")
    dee.page.click("#drawer-sandbox [data-sandbox='checkout'] >> text=Pay as the customer")
    dee.sees("#drawer-sandbox [data-sandbox='payment_intent']", "held")
    dee.page.keyboard.press("Escape")
