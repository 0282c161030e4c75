"""What the pages' benchmark counts with: a shared wire, and the scripts that a page can come to load."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.pages_customer import reachable
from bench.slow_link import Link, slow_link

QUICK = Link(round_trip_s=0.02, down=1e9, up=1e9)


def test_a_page_can_load_what_its_scripts_name(tmp_path: Path) -> None:
    for name, text in {
        "page-a.js": 'import "./part-b.js"; const later = () => import("./late-c.js");',
        "part-b.js": 'export const words = "no-such-file.js";',
        "late-c.js": 'import "./page-a.js";',
        "other-d.js": "",
    }.items():
        (tmp_path / name).write_text(text)
    assert reachable(["page-a.js"], tmp_path) == {"page-a.js", "part-b.js", "late-c.js"}


def test_what_goes_over_the_slow_link_arrives_whole_and_no_earlier_than_it_may() -> None:
    sent = bytes(range(256)) * 200

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(len(sent)))
        writer.close()
        await writer.wait_closed()

    async def work() -> tuple[bytes, float]:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server, slow_link(server.sockets[0].getsockname()[1], QUICK) as port:
            start = asyncio.get_running_loop().time()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            heard = await reader.read(-1)
            writer.close()
            await writer.wait_closed()
            return heard, asyncio.get_running_loop().time() - start

    heard, took_s = asyncio.run(work())
    assert heard == sent
    assert took_s >= 2 * QUICK.round_trip_s  # opening it, and there and back
