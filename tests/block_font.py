"""A font in which every letter is a bar, so that pictures of a page are alike on every machine.

Text is laid out by the widths of whatever fonts a machine has, and drawn by whatever hints them. In this
font all letters have one width and one shape, a space is empty, and nothing is left to the machine. A clock
that says 14:32 instead of 09:05 is the same picture.
"""

from __future__ import annotations

import struct

EM = 1000  # units; the letter is half of it wide
ASCENT, DESCENT = 930, -240
LETTER, SPACE, NOTHING = 1, 2, 3  # glyphs; 0 is the one for what no glyph has
ADVANCES = (500, 500, 260, 0)
BAR = (40, 0, 460, 520)  # left, bottom, right, top
SPACES = ((0x20, 0x20), (0xA0, 0xA0), (0x2000, 0x200A), (0x202F, 0x202F), (0x3000, 0x3000))
NOTHINGS = ((0x200B, 0x200F), (0x2060, 0x2060), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF))
LAST = 0x1FFFF
MAGIC = 0xB1B0AFBA  # what the checksum of the whole file is taken from


def block_font() -> bytes:
    """The font as a TrueType file."""
    bar = _outline(*BAR)
    glyphs = (bar, bar, b"", b"")
    offsets = [sum(map(len, glyphs[:number])) for number in range(len(glyphs) + 1)]
    tables = {
        b"OS/2": _os2(),
        b"cmap": _cmap(),
        b"glyf": b"".join(glyphs),
        b"head": _head(0),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, 500, *[0] * 11, len(glyphs)),
        b"hmtx": b"".join(struct.pack(">Hh", advance, BAR[0]) for advance in ADVANCES),
        b"loca": struct.pack(f">{len(offsets)}I", *offsets),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, len(glyphs), 4, 1, 0, 0, 1, *[0] * 8),
        b"name": struct.pack(">HHHHHHHHH", 0, 1, 18, 3, 1, 0x409, 1, 12, 0) + "Blocks".encode("utf-16-be"),
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 0, 0, 0, 0, 0),
    }
    whole = _file(tables)
    tables[b"head"] = _head((MAGIC - _checksum(whole)) & 0xFFFFFFFF)
    return _file(tables)


def _outline(left: int, bottom: int, right: int, top: int) -> bytes:
    """A rectangle as a simple glyph, padded to four bytes."""
    corners = [(left, bottom), (left, top), (right, top), (right, bottom)]
    befores = [(0, 0), *corners[:-1]]
    steps = [(x - a, y - b) for (a, b), (x, y) in zip(befores, corners, strict=True)]
    glyph = struct.pack(">hhhhh", 1, left, bottom, right, top) + struct.pack(">HH", 3, 0) + b"\1" * 4
    for axis in (0, 1):
        glyph += b"".join(struct.pack(">h", step[axis]) for step in steps)
    return glyph + b"\0" * (-len(glyph) % 4)


def _cmap() -> bytes:
    """Every character of the first two planes; format 13 says which glyph a whole range has."""
    special = sorted([*((*span, SPACE) for span in SPACES), *((*span, NOTHING) for span in NOTHINGS)])
    groups, after = [], 0x21
    for first, last, glyph in special:
        if first > after:
            groups.append((after, first - 1, LETTER))
        groups.append((first, last, glyph))
        after = max(after, last + 1)
    groups.append((after, LAST, LETTER))
    body = b"".join(struct.pack(">III", *group) for group in groups)
    head = struct.pack(">HHIII", 13, 0, 16 + len(body), 0, len(groups))
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + head + body


def _head(adjustment: int) -> bytes:
    fields = (0x10000, 0x10000, adjustment, 0x5F0F3CF5, 0b11, EM, 0, 0)
    return struct.pack(">IIIIHHqq", *fields) + struct.pack(">hhhhHHhhh", *BAR, 0, 8, 2, 1, 0)


def _os2() -> bytes:
    """Version 4: widths, weights and heights, and that nothing of it is protected."""
    numbers = struct.pack(">HhHHH", 4, 500, 400, 5, 0) + struct.pack(">11h", *[100] * 10, 0)
    who = b"\0" * 10 + struct.pack(">4I", 1, 0, 0, 0) + b"TEST" + struct.pack(">HHH", 0x40, 0x20, 0xFFFF)
    heights = struct.pack(">hhhHH", ASCENT, DESCENT, 0, ASCENT, -DESCENT)
    return numbers + who + heights + struct.pack(">IIhhHHH", 1, 0, 520, 520, 0, 32, 1)


def _file(tables: dict[bytes, bytes]) -> bytes:
    """The directory, sorted by name, and the tables, each padded to four bytes."""
    offset = 12 + 16 * len(tables)
    directory = struct.pack(">IHHHH", 0x10000, len(tables), 128, 3, 16 * len(tables) - 128)
    bodies = b""
    for name, table in sorted(tables.items()):
        directory += name + struct.pack(">III", _checksum(table), offset + len(bodies), len(table))
        bodies += table + b"\0" * (-len(table) % 4)
    return directory + bodies


def _checksum(table: bytes) -> int:
    padded = table + b"\0" * (-len(table) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
