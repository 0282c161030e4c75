"""The log says where something failed and never whose data it was."""

from __future__ import annotations

import asyncio
import logging

import asyncpg
import pytest

from db.pool import Database
from tests.company import with_company
from tracker.logs import DiscreetFormatter, start_logging


def test_a_refused_rows_values_stay_out_of_the_log(database_url: str) -> None:
    async def story(database: Database) -> str:
        async with database.connection() as conn:
            with pytest.raises(asyncpg.CheckViolationError) as refused:
                await conn.execute("UPDATE people SET phone = repeat('7', 40) WHERE id = 'cleo'")
        error = refused.value
        record = logging.LogRecord("t", logging.ERROR, "f", 1, "failed", None, (type(error), error, None))
        return DiscreetFormatter("%(message)s").format(record)

    text = with_company(database_url, story)
    assert "CheckViolationError" in text
    assert "DETAIL: (left out)" in text
    assert "7777777" not in text
    assert "cleo@example.com" not in text


def test_an_ordinary_traceback_is_whole() -> None:
    async def fail() -> None:
        raise ValueError("said plainly")

    try:
        asyncio.run(fail())
    except ValueError as error:
        record = logging.LogRecord(
            "t", logging.ERROR, "f", 1, "failed", None, (ValueError, error, error.__traceback__)
        )
    text = DiscreetFormatter("%(message)s").format(record)
    assert "said plainly" in text
    assert "in fail" in text


def test_addresses_that_are_called_stay_out_of_the_log() -> None:
    start_logging("DEBUG")
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpcore.http11").isEnabledFor(logging.INFO)
