"""The list of rights that will end does not grow with sockets that have left."""

from __future__ import annotations

from typing import Any, cast

from rooms.principal import Principal, Role
from rooms.rights import SPARE_ENDS, Rights
from rooms.sockets import Session


def test_sockets_that_left_are_forgotten_long_before_their_tokens_end() -> None:
    rights = Rights(cast(Any, None), cast(Any, None), cast(Any, None))
    stays = [Session(f"stays{n}", Principal("pat", Role.PRO, expires_at=5e9 + n)) for n in range(10)]
    for session in stays:
        rights.opened(session)
    for number in range(10 * SPARE_ENDS):
        session = Session(f"leaves{number}", Principal("pat", Role.PRO, expires_at=4e9))
        rights.opened(session)
        rights.closed(session)
    ends = rights._ends
    assert len(ends) <= SPARE_ENDS + 2 * len(stays) + 2
    assert {session.sid for session in stays} <= {sid for _, sid in ends}
    assert min(ends) == ends[0]
