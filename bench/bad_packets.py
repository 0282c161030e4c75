"""Bad packets of every kind: messages that end a socket, and events that are answered with a refusal.

The events are those of `rooms.events.Said`, so that a new one without kinds of its own is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from rooms.events import Said

NO_JOB = "00000000-0000-4000-8000-000000000000"

# No packets of ours: the socket is closed with 1008 (policy).
ENDING = (
    *("x", "", "9", "0", "2", "2probe", "5", "6", "11", "b4AAAA", "4", "4x", "44{}", "47", "43[]", "431[1]"),
    *("45-[]", '451-["watch",{"_placeholder":true,"num":0}]', "461-1[]", "42", "42{}", "42[]", "42[null]"),
    *("42[1]", "42[{}]", '42[""]', "42x", '42["a"', '42["a",{]', '42["a",{}]more', '42-["a"]', "40", "40{}"),
    *('40{"token":"again"}', "40[]", '40"x"', "41/admin,", '42/admin,["a",{}]', '42["watch",{"x":NaN}]'),
    *(
        '42["connect",{}]',
        '42["disconnect",{}]',
        '42["connect_error",{}]',
        '42["*",{}]',
        '42["newListener",{}]',
    ),
    *('42["' + "n" * 65 + '",{}]', "42" + "[" * 50_000, "42" + '{"a":' * 10_000, '42["a",{"x":"\x00"}]'),
    *('42["watch",' + "[" * 20_000 + "]" * 20_000 + "]", '42999999999999999999["a",{}]', '٤٢["a",{}]'),
)

# What follows `42<ack id>`: refused in the ack, and the socket lives.
REFUSED_AS_JSON = (
    *('["watch"]', '["watch",1]', '["watch",null]', '["watch",[]]', '["watch","x"]', '["watch",{},{}]', "[]"),
    *(
        '["watch",{"job_id":NaN}]',
        '["watch",{"job_id":1e999}]',
        '["watch",{"job_id":1,"job_id":2}]',
        "[null]",
    ),
    *('["watch",{"job_id":"\\u0000"}]', '["watch",{"job_id":"\\ud800"}]', '["watch",{"\\ud800":1}]'),
    *('["watch",{"since":' + "9" * 5000 + "}]", '["watch",{"since":9223372036854775808}]', '{"a":1}'),
    *(
        '["watch",{"since":' + "[" * 17 + "]" * 17 + "}]",
        '["watch",{x:1}]',
        '["watch",{}]x',
        '["connect",{}]',
    ),
    *(
        '["disconnect",{}]',
        '["*",{}]',
        '["watch",{"job_id":"\t"}]',
        '["watch",' + "[" * 9000 + "]" * 9000 + "]",
    ),
)
_NOT_TEXT = ("5", "5.5", "true", "null", "[]", "{}")
_NOT_NUMBER = ('"53"', "true", "null", "[]", "{}", "1e308", "-1e308", str(2**62), '"NaN"')
_NO_IDS = (
    *(
        '""',
        '"x"',
        '"\' OR 1=1 --"',
        f'"{NO_JOB}0"',
        f'"{NO_JOB}"',
        '"../x"',
        '"\u0663"',
        json.dumps("x" * 50_000),
    ),
)
_NO_SINCE = (
    *("5", '"5"', "[]", "true", '{"version":-1}', '{"version":"1"}', '{"version":1.0}', '{"version":true}'),
    *('{"version":1,"seq":-1}', '{"seq":5}', '{"version":1,"other":1}', '{"version":1,"seq":1e3}', "{}"),
)
_NO_BBOX = (
    *("5", '"x"', "null", "true", "{}", "[]", "[1]", "[1,2,3]", "[1,2,3,4,5]", '["1",2,3,4]', "[true,2,3,4]"),
    *(
        "[null,2,3,4]",
        "[[1],2,3,4]",
        "[-181,0,0,1]",
        "[0,-91,1,0]",
        "[0,1,1,0]",
        "[0,0,181,1]",
        "[0,0,1,1e308]",
    ),
)


def refused_events() -> Iterator[tuple[str, str]]:
    """(event, its JSON): well-formed packets that get a refusal, whoever sends them."""
    for event in Said:
        yield event, '{"unknown":1}'
        yield event, '{"__proto__":{}}'
        yield event, json.dumps({"x" * 60_000: 1})
    for field in ("lat", "lng"):
        other = '"lng":-2.9' if field == "lat" else '"lat":53.4'
        for literal in (*_NOT_NUMBER, "181", "-181"):
            yield Said.HEARTBEAT, f'{{"{field}":{literal},{other}}}'
            yield Said.WATCH_FEED, f'{{"{field}":{literal},{other}}}'
    for literal in (*_NOT_NUMBER, "0", "-1", "301"):
        yield Said.WATCH_FEED, f'{{"lat":53.4,"lng":-2.9,"radius":{literal}}}'
    yield Said.HEARTBEAT, "{}"
    yield Said.WATCH_FEED, "{}"
    for literal in (*_NOT_TEXT, *_NO_IDS):
        yield Said.WATCH, f'{{"job_id":{literal}}}'
        yield Said.HEARTBEAT, f'{{"lat":53.4,"lng":-2.9,"job_id":{literal if literal != "null" else "[]"}}}'
    for literal in _NOT_TEXT:
        yield Said.UNWATCH, f'{{"job_id":{literal}}}'
    for literal in _NO_SINCE:
        yield Said.WATCH, f'{{"job_id":"{NO_JOB}","since":{literal}}}'
    for literal in _NO_BBOX:
        yield Said.WATCH_FLEET, f'{{"bbox":{literal}}}'
    yield Said.WATCH_FLEET, "{}"
    for event in (
        "",
        " ",
        "nope",
        "Heartbeat",
        "watch\\n",
        "say",
        "broadcast",
        "__class__",
        "' OR 1=1 --",
        "x" * 64,
    ):
        if event:
            yield event, "{}"
