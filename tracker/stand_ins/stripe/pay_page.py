"""The page where a customer pays: what Stripe's hosted checkout is to a test in a browser."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl

from tracker.stand_ins.stripe import cards, checkout
from tracker.stand_ins.stripe.errors import StripeError
from tracker.stand_ins.stripe.state import State, Thing
from tracker.stand_ins.wire import Answer, Request

PATH = "/pay/"
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Stand-in checkout</title>
<body style="font:16px sans-serif;max-width:28rem;margin:3rem auto">
<h1>Stand-in checkout</h1><p>No real money. Amount: <strong>{amount}</strong></p>{problem}{form}
</body></html>
"""
FORM = """<form method="post">
<p><label>E-mail <input name="email" type="email" value="{email}" required></label></p>
<p><label>Name <input name="name" value="Cleo Hart"></label></p>
<p><label>Phone <input name="phone" value="+15550102"></label></p>
<p><label>Card <select name="card">{options}</select></label></p>
<p><button name="method" value="card">Pay by card</button>
<button name="method" value="delayed">Pay by bank debit</button></p></form>
<p><a href="{cancel}">Cancel</a></p>"""


def answer(state: State, request: Request) -> Answer:
    """GET shows the page; POST pays and sends the browser to the session's success address."""
    session = state.sessions.get(request.path.removeprefix(PATH))
    if session is None:
        return _page(404, "–", "<p>There is no such checkout session.</p>")
    problem = ""
    if request.method == "POST":
        given = dict(parse_qsl(request.body.decode()))
        payer = {name: value for name, value in given.items() if name in ("email", "name", "phone")}
        delayed = given.get("method") == "delayed"
        try:
            checkout.pay(state, session["id"], given.get("card", "pm_card_visa"), payer, delayed=delayed)
        except StripeError as error:
            problem = f"<p role='alert'>{escape(str(error))}</p>"
        else:
            where = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
            return Answer(303, b"", {"Location": where})
    if session["status"] != "open":
        return _page(410, _amount(session), f"<p>This session is {session['status']}.</p>")
    options = "".join(f"<option>{card}</option>" for card in cards.TEST_CARDS)
    form = FORM.format(
        options=options,
        email=escape(session["customer_email"] or "cleo@example.com"),
        cancel=escape(session["cancel_url"] or session["success_url"]),
    )
    return _page(200, _amount(session), form, problem)


def _amount(session: Thing) -> str:
    return f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"


def _page(status: int, amount: str, form: str, problem: str = "") -> Answer:
    body = PAGE.format(amount=amount, form=form, problem=problem).encode()
    return Answer(status, body, {"Content-Type": "text/html; charset=utf-8"})
