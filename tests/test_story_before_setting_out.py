"""A customer sees the pro from the moment of setting out, also when the phone sends its past afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.company import found_company, with_database
from tests.errands import connect, fix, job, link_to, move
from tests.listening import listening
from tests.running import serving


def test_what_the_phone_saved_up_before_setting_out_is_not_played_to_the_customer(
    database_url: str, folder: Path
) -> None:
    with_database(database_url, found_company)
    with serving(folder, database_url) as web:
        job_id = job(web, "accepted")
        link = link_to(web, job_id)

        async def story() -> None:
            async with await listening(web.url, link=link) as cleo, await connect(web, "pro", "pat") as pat:
                assert (await cleo.call("watch"))["ok"]
                await asyncio.to_thread(move, web, job_id, "en_route")
                await cleo.hears("status_changed", lambda told: told["status"] == "en_route")
                for ago_s in (1200, 900, 600, 300):  # at another customer's home, without a network
                    assert (await pat.call("heartbeat", fix(9000, ago_s)))["accepted"] == 1
                newest = fix(8000)
                assert (await pat.call("heartbeat", newest))["accepted"] == 1
                await cleo.hears("location_update", lambda dot: dot["seq"] == newest["recorded_at"])
                assert [dot["seq"] for dot in cleo.all("location_update")] == [newest["recorded_at"]]

        asyncio.run(story())
