"""One job as the board shows it: a card on the wire, a row of the CSV."""

from __future__ import annotations

from api.csv_download import Cell
from api.shapes import Answer, Instant, Version
from db.board import BoardRow


class CardPro(Answer):
    """Who has the job."""

    id: str
    name: str


class CardFlags(Answer):
    """How many pain flags are open, and the worst severity among them."""

    open: int
    worst: str


class CardMoney(Answer):
    """Where the job's money is, and the amount that this word is about; the worst news wins.

    `state`: none, waiting, held, captured, partly_refunded, refunded, disputed, released or failed, as in the
    job's money; and payout_failed, and paid_out when the pro has all of it. `none` is about the job's price.
    """

    state: str
    cents: int


class Card(Answer):
    """A job on the board. `lane`: who brings the equipment. `flags` is null when none is open.

    `late`: the window has ended, or the promised arrival is past by five minutes, and no pro is there.
    """

    id: str
    version: Version
    status: str
    service: str
    reference: str | None
    customer_name: str
    address: str
    lat: float
    lng: float
    window_start: Instant | None
    window_end: Instant | None
    pro: CardPro | None
    flags: CardFlags | None
    lane: str
    order_stage: str
    order_required: bool
    money: CardMoney
    created_at: Instant
    promised_arrival_at: Instant | None
    late: bool


CSV_COLUMNS = (
    "id",
    "reference",
    "status",
    "service",
    "customer",
    "address",
    "window_start",
    "window_end",
    "late",
    "pro_id",
    "pro",
    "open_flags",
    "worst_flag",
    "equipment_lane",
    "order_required",
    "order_stage",
    "money_state",
    "money_cents",
    "created_at",
    "promised_arrival_at",
)


def card_of(row: BoardRow) -> Card:
    """The card."""
    return Card(
        id=str(row.id),
        version=row.version,
        status=row.status,
        service=row.service,
        reference=row.reference,
        customer_name=row.customer_name,
        address=row.address,
        lat=row.lat,
        lng=row.lng,
        window_start=Instant.maybe(row.window_start),
        window_end=Instant.maybe(row.window_end),
        pro=None if row.pro_id is None else CardPro(id=row.pro_id, name=row.pro_name or ""),
        flags=None if row.worst_flag is None else CardFlags(open=row.open_flags, worst=row.worst_flag),
        lane=row.lane,
        order_stage=row.order_stage,
        order_required=row.order_required,
        money=CardMoney(state=row.money_state, cents=row.money_cents),
        created_at=Instant.of(row.created_at),
        promised_arrival_at=Instant.maybe(row.promised_arrival_at),
        late=row.late,
    )


def csv_row(row: BoardRow) -> list[Cell]:
    """The same as a row under `CSV_COLUMNS`."""
    return [
        str(row.id),
        row.reference,
        row.status,
        row.service,
        row.customer_name,
        row.address,
        row.window_start,
        row.window_end,
        row.late,
        row.pro_id,
        row.pro_name,
        row.open_flags,
        row.worst_flag,
        row.lane,
        row.order_required,
        row.order_stage,
        row.money_state,
        row.money_cents,
        row.created_at,
        row.promised_arrival_at,
    ]
