"""The messages in Spanish. The same keys as in every other catalogue; `texts.py` says how they are filled."""

from __future__ import annotations

from tracker.messages.catalogue import Catalogue, ReceiptWords, Texts
from tracker.messages.kinds import Kind

SPANISH = Catalogue(
    texts={
        Kind.JOB_WON: Texts(
            title="El trabajo es tuyo",
            body="{service} para {customer}, {address}{when}.",
            sms="{company}: ¡El trabajo es tuyo! {service} para {customer}, {address}{when}.",
        ),
        Kind.JOB_LOST: Texts(
            title="Un trabajo ya no es tuyo",
            body="{service}{when}: no tienes que ir. Se ha dado a otra persona o se ha retirado.",
            sms="{company}: {service}{when} ya no es tuyo, así que no tienes que ir.",
        ),
        Kind.WHO_COMES: Texts(
            title="{pro} se encarga",
            body="{pro} viene para: {service}{when}.",
            sms="{company}: {pro} viene para: {service}{when}.",
        ),
        Kind.APPOINTMENT: Texts(
            title="Su cita",
            body="{service}: {window}.",
            sms="{company}: su cita para {service} es el {window}.",
        ),
        Kind.ON_THE_WAY: Texts(
            title="{pro} está en camino",
            body="{service}{eta}.",
            sms="{company}: {pro} está en camino{eta}. Sígalo aquí: {link}",
        ),
        Kind.ARRIVED: Texts(
            title="{pro} ha llegado",
            body="{service}: {pro} está en su puerta.",
            sms="{company}: {pro} ha llegado.",
        ),
        Kind.RECEIPT: Texts(title="Su recibo de {company}", body="{service}: {amount}. ¡Gracias!"),
        Kind.REVIEW_REQUEST: Texts(
            title="¿Qué tal fue?", body="{service} con {other}: valórelo, por favor, de 1 a 5 estrellas."
        ),
        Kind.PAYOUT_PAID: Texts(title="Tu pago está en camino", body="Se enviaron {amount} a tu cuenta."),
        Kind.CANCELLED: Texts(
            title="Trabajo cancelado",
            body="{service}{when} no tendrá lugar.",
            sms="{company}: {service}{when} se ha cancelado.",
        ),
        Kind.PAYMENT_REQUEST: Texts(
            title="Confirme su pago, por favor",
            body="{service}: {amount}. No se cobra nada hasta que el trabajo esté hecho.",
            sms="{company}: confirme, por favor, {amount} por {service}: {url}",
        ),
        Kind.ALERT: Texts(title="{title}", body="{body}"),
    },
    when=", {window}",
    eta=", unos {minutes} min",
    window="{weekday} {day} {month}, {begin}–{end}",
    days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    open_page="Abrir",
    receipt=ReceiptWords(
        tip="Propina",
        total="Total",
        charged="Cargado a su tarjeta",
        refunded="Devuelto",
        open="Pendiente de cargo",
        sandbox="Esto es un entorno de pruebas: no se movió dinero.",
        thanks="Gracias por confiar en nosotros, {customer}.",
        job="Su trabajo",
        address="Dirección",
        done_by="Realizado por",
        started="Inicio",
        finished="Fin",
        labour="Tiempo en casa",
        minutes="{minutes} min",
        before="Antes",
        after="Después",
        reference="Referencia",
        moment="{weekday} {day} {month} {year}, {time}",
    ),
)
