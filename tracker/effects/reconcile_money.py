"""The `reconcile_money` effect: the night, like `2026-11-21`; our books against the provider's."""

from __future__ import annotations

import logging
from datetime import timedelta

from db.pool import Database
from tracker.effects.task import Task, Tools
from tracker.messages.notify import alert_dispatch
from tracker.money.provider import ProviderUnknown
from tracker.money.reconcile import reconcile_books, reconcile_provider

log = logging.getLogger("tracker.money")

LOOKS_BACK = timedelta(days=3)  # each payment is looked at on three nights; `tracker verify` looks further
STATEMENT_TIMEOUT_S = 60.0  # these queries read whole tables


async def reconcile_money(tools: Tools, task: Task) -> None:
    """Raises ProviderUnknown when the provider could not be asked about everything: again later."""
    dsn = tools.settings.need_database_url()
    patient = await Database.connect(dsn, size=1, statement_timeout_s=STATEMENT_TIMEOUT_S)
    try:
        differences = await reconcile_books(patient, now=task.now)
    finally:
        await patient.close()
    payments, since = tools.providers.payments, task.now - LOOKS_BACK
    found = await reconcile_provider(tools.database, payments, since=since, now=task.now)
    differences += found.differences
    if differences:
        await _tell(tools, task, differences)
    if found.unasked:
        raise ProviderUnknown(f"{len(found.unasked)} could not be asked about: {found.unasked[0]}")


async def _tell(tools: Tools, task: Task, differences: list[str]) -> None:
    """The log has every difference, the alert as many as fit; one alert a night."""
    for difference in differences:
        log.error("money does not agree: %s", difference)
    body = f"{len(differences)} differences; `tracker verify` lists all. " + " · ".join(differences)
    async with tools.database.transaction() as conn:
        await alert_dispatch(
            conn,
            tools.settings,
            event_key=f"reconcile:{task.subject}"[:200],
            title="Our books and the payment provider's differ",
            body=body[:1000],
            job_id=None,
            now=task.now,
        )
