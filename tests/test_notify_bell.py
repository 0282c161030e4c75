"""The bell: it rings on open pages, is listed newest first, and is read once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from rooms.principal import Role
from tests.company import add_job, with_company
from tests.listening import listening
from tests.running import Process, serving, token
from tracker.cli import main
from tracker.messages.vapid import public_key_of


def test_a_claim_rings_the_pros_bell_which_is_listed_and_read(database_url: str, folder: Path) -> None:
    jobs = [with_company(database_url, lambda database: add_job(database, "open")) for _ in range(3)]

    async def story(web: Process) -> None:
        mine = token(Role.PRO, "pat")
        headers = {"Authorization": f"Bearer {mine}"}
        pat = httpx.AsyncClient(base_url=web.url, headers=headers)
        async with pat, await listening(web.url, token=mine) as phone:
            heard = []
            for job_id in jobs:
                assert (await pat.post(f"/api/jobs/{job_id}/accept")).status_code == 200
                told = await phone.hears(
                    "notification", lambda told, job_id=job_id: told["job_id"] == str(job_id)
                )
                heard.append(told)
            assert [told["unread"] for told in heard] == [1, 2, 3]
            assert {told["kind"] for told in heard} == {"job_won"}
            assert set(heard[0]) == {"id", "kind", "title", "body", "job_id", "created_at", "unread"}
            newest = (await pat.get("/api/notifications?limit=2")).json()
            assert [one["id"] for one in newest["notifications"]] == [heard[2]["id"], heard[1]["id"]]
            assert newest["unread"] == 3
            older = (await pat.get(f"/api/notifications?limit=2&cursor={newest['next']}")).json()
            assert ([one["id"] for one in older["notifications"]], older["next"]) == ([heard[0]["id"]], None)
            for _ in range(2):
                path = f"/api/notifications/{heard[0]['id']}/read"
                assert (await pat.post(path)).json() == {"success": True, "unread": 2}
            assert (await pat.post("/api/notifications/read-all")).json() == {"success": True, "unread": 0}
            assert all(
                one["read_at"] for one in (await pat.get("/api/notifications")).json()["notifications"]
            )

    with (
        serving(folder, database_url, QUIET_HOURS="off") as web,
        web.http(token(Role.PRO, "pat")) as pat,
        web.http(token(Role.DISPATCHER, "dee")) as dee,
    ):
        asyncio.run(story(web))
        key = pat.get("/api/push/key").json()
        assert (len(key["public_key"]), key["sandbox"]) == (87, True)
        sent = dee.get("/api/dispatch/messages?person=pat&limit=2").json()
        assert [(one["channel"], one["sandbox"]) for one in sent["messages"]] == [("sms", True)] * 2
        rest = dee.get(f"/api/dispatch/messages?person=pat&cursor={sent['next']}").json()
        assert (len(rest["messages"]), rest["next"]) == (1, None)


def test_the_command_prints_a_key_that_the_settings_take(capsys: object) -> None:
    assert main(["vapid"]) == 0
    name, _, key = capsys.readouterr().out.strip().partition("=")  # type: ignore[attr-defined]
    assert name == "VAPID_PRIVATE_KEY"
    assert len(public_key_of(key)) == 87
