"""The customer's pages speak English and Spanish, by the browser's preference, with the region's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.customer_page import House, open_house
from tracker.local_postgres import PostgresServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house(postgres: PostgresServer, template_database: str, browser: Browser) -> Iterator[House]:
    with open_house(postgres, template_database, browser) as house:
        yield house


def test_a_visit_is_followed_in_spanish_from_the_road_to_the_receipt(house: House) -> None:
    _, done = house.finished()
    on_its_way = house.job("en_route", customer="zoe")
    house.drive(0.020)
    with house.opens(house.own_link(on_its_way), locale="es-MX") as zoe:
        zoe.sees("#status", "Pat Mason está en camino")
        zoe.sees("#next", "llamará a su puerta")
        zoe.sees("#eta", "km")  # Mexico's roads are signed in kilometres
        zoe.sees("#steps", "En camino")
        zoe.page.locator("#share summary", has_text="Compartir con un vecino").click()
        zoe.sees("#share", "Crear un enlace")
        assert zoe.page.get_attribute("html", "lang") == "es"
        house.move(on_its_way, "arrived")
        zoe.sees("#status", "Pat Mason está en su puerta")
        zoe.sees("#ready", "Conviene tener listo")
    with house.opens(done, locale="es-ES") as cleo:
        cleo.sees("h1", "Todo listo")
        cleo.sees("#receipt", "Pagado. Gracias.")
        cleo.sees("#receipt .bill-total", "120,00")
        cleo.sees("#tip", "¿Una propina para Pat Mason?")
        cleo.sees("#review", "¿Qué tal fue?")


def test_the_lone_pages_speak_it_too_and_any_other_language_is_told_in_english(house: House) -> None:
    words = {
        "es-419": ("Este enlace de seguimiento no está activo", "Gracias", "No se ha pagado nada"),
        "fr-FR": ("This tracking link is not active", "Thank you", "Nothing was paid"),
    }
    for locale, said in words.items():
        for path, heading in zip(("track/nobody", "paid", "not-paid"), said, strict=True):
            with house.opens(f"{house.server.url}/{path}", locale=locale) as visitor:
                visitor.sees("h1", heading)
                assert visitor.page.get_attribute("html", "lang") == ("es" if locale[:2] == "es" else "en")
                visitor.until(lambda v=visitor, h=heading: v.page.title() == h, "the title")  # type: ignore[misc]
