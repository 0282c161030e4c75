"""A mail's page: plain tables and inline styles, because that is all that mail programs agree on.

Everything that comes from a person is escaped here, once, and may break anywhere: one long word must not
make the page wider than a phone. Colours are set together with their background, so that a program that turns
them dark by itself turns both; one that knows the reader's scheme takes the dark colours of `_DARK`.
"""

from __future__ import annotations

from html import escape

_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_BREAK = "word-break:break-word;overflow-wrap:anywhere"
_TEXT = f"{_FONT};font-size:16px;line-height:1.5;color:#1d2733;{_BREAK}"
_QUIET = f"{_FONT};font-size:13px;line-height:1.5;color:#5a6675;{_BREAK}"
# Inline styles win over a style sheet unless it insists.
_DARK = """
.ground { background: #10151a !important }
.sheet { background: #1a222b !important }
.ink { color: #e8edf2 !important }
.quiet { color: #a5b1be !important }
.rule { border-color: #364350 !important }
.total { border-color: #e8edf2 !important }
.note { color: #ffe2a6 !important; background: #43330d !important }
"""


def page(title: str, company: str, inner: str, *, language: str, foot: str = "") -> str:
    """A whole document around `inner`, which is HTML already; the other texts are escaped here."""
    return f"""<!doctype html>
<html lang="{escape(language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>{escape(title)}</title>
<style>@media (prefers-color-scheme: dark){{{_DARK}}}</style></head>
<body class="ground" style="margin:0;padding:0;background:#eef1f5">
<table class="ground" role="presentation" width="100%" cellpadding="0" cellspacing="0"
 style="background:#eef1f5">
<tr><td align="center" style="padding:16px 8px">
<table class="sheet" role="presentation" width="100%" cellpadding="0" cellspacing="0"
 style="max-width:560px;background:#ffffff;border-radius:8px">
<tr><td style="padding:24px 24px 0"><p class="quiet" style="margin:0;{_QUIET}">{escape(company)}</p>
<h1 class="ink" style="margin:4px 0 16px;{_FONT};font-size:22px;line-height:1.3;color:#1d2733;{_BREAK}">
{escape(title)}</h1>
</td></tr>
<tr><td style="padding:0 24px 24px">{inner}</td></tr>
</table>
<p class="quiet" style="margin:12px 8px;{_QUIET}">{escape(foot or company)}</p>
</td></tr></table></body></html>
"""


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f'<p class="ink" style="margin:0 0 16px;{_TEXT}">{escape(text)}</p>'


def warning(text: str) -> str:
    """A line that must not be overlooked."""
    return (
        f'<p class="note" style="margin:0 0 16px;padding:8px 12px;{_FONT};font-size:14px;color:#5c3d00;'
        f'background:#fff3d6;border-radius:6px">{escape(text)}</p>'
    )


def heading(text: str) -> str:
    """A heading within the page."""
    return (
        f'<h2 class="ink" style="margin:24px 0 8px;{_FONT};font-size:16px;color:#1d2733">{escape(text)}</h2>'
    )


def button(text: str, url: str) -> str:
    """A link that looks like a button; only for addresses of ours or of our payment provider."""
    return (
        f'<p style="margin:0 0 16px"><a href="{escape(url)}" style="display:inline-block;padding:12px 20px;'
        f"{_FONT};font-size:16px;font-weight:600;color:#ffffff;background:#0b5fb3;border-radius:6px;"
        f'text-decoration:none">{escape(text)}</a></p>'
    )


def lines(rows: list[tuple[str, str]], *, total: bool = False, wrap: bool = False) -> str:
    """A table of a label and a value each; with `total` the last row stands out, `wrap` for long values."""
    made, still = [], ";white-space:nowrap;word-break:normal;overflow-wrap:normal"
    label_style, value_style = (still, "") if wrap else ("", still)
    for number, (label, value) in enumerate(rows):
        last = total and number == len(rows) - 1
        look = "ink total" if last else "ink rule"
        style = f"{_TEXT};padding:8px 0;" + (
            "border-top:2px solid #1d2733;font-weight:700" if last else "border-top:1px solid #d8dee6"
        )
        made.append(
            f'<tr><td class="{look}" valign="top" style="{style}{label_style}">{escape(label)}</td>'
            f'<td class="{look}" valign="top" align="right" style="{style};padding-left:16px{value_style}">'
            f"{escape(value)}</td></tr>"
        )
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"'
        f' style="margin:0 0 16px;border-collapse:collapse">{"".join(made)}</table>'
    )


def pictures(sources: list[tuple[str, str]]) -> str:
    """Pictures, two in a row, by (source, description); a source is a `cid:` of the same mail."""
    cells = [
        '<td width="50%" valign="top" style="padding:0 4px 8px 0">'
        f'<img src="{escape(source)}" alt="{escape(said)}"'
        ' width="240" style="display:block;width:100%;max-width:240px;height:auto;border-radius:6px"></td>'
        for source, said in sources
    ]
    if len(cells) % 2:
        cells.append('<td width="50%"></td>')
    rows = ["".join(cells[at : at + 2]) for at in range(0, len(cells), 2)]
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0">'
        + "".join(f"<tr>{row}</tr>" for row in rows)
        + "</table>"
    )
