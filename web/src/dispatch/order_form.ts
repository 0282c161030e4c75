import { h } from "../lib/dom.ts";
import { HttpProblem, type Http } from "../lib/http.ts";
import { freshKey } from "../lib/random.ts";
import type { Place } from "../lib/wire.ts";
import { amount, centsOf, field, smallForm } from "./forms.ts";
import { words } from "./words.ts";

const MOST_CENTS = 10_000_000;

/**
 * A form for an order as the company's shop would send it: the order, and a payment page of the sandbox that
 * waits to be paid. The home is where the map is looking.
 */
export async function orderForm(http: Http, where: () => Place, send: (order: () => Promise<unknown>) => void, cancel: () => void): Promise<HTMLFormElement> {
  const skills = await skillsOf(http);
  const service = line("order-service", words.order.example.service, 200);
  const skill = h("select", { id: "order-skill", required: true }, ...skills.map((code) => new Option(code.replaceAll("_", " "), code)));
  const price = amount("order-price", MOST_CENTS);
  price.value = "120.00";
  const address = line("order-address", words.order.example.address, 300);
  const name = line("order-name", words.order.example.name, 200);
  const email = h("input", { id: "order-email", type: "email", required: true, maxlength: "240", value: words.order.example.email });
  const phone = h("input", { id: "order-phone", type: "tel", required: true, minlength: "3", maxlength: "32", value: words.order.example.phone });
  const reference = `sandbox-${freshKey()}`; // one per form: pressed twice, ordered once
  const order = async (): Promise<void> => {
    const price_cents = centsOf(price);
    const customer = { name: name.value, email: email.value, phone: phone.value };
    const { lat, lng } = where();
    const wanted = { skill: skill.value, service: service.value, address: address.value, lat, lng, price_cents, open: true };
    await http.post("api/dispatch/orders", { reference, customer, ...wanted });
    await http.post("api/dispatch/sandbox/checkouts", {
      amount_cents: price_cents,
      description: service.value,
      customer_email: email.value,
      request_key: reference,
      metadata: { order_reference: reference },
    });
  };
  const fields = [
    field(words.order.service, service),
    field(words.order.skill, skill),
    field(words.order.price, price),
    field(words.order.address, address),
    field(words.order.name, name),
    field(words.order.email, email),
    field(words.order.phone, phone),
  ];
  return smallForm(fields, words.order.send, () => send(order), cancel);
}

function line(id: string, value: string, most: number): HTMLInputElement {
  return h("input", { id, required: true, maxlength: String(most), value });
}

/** The skills that some pro has: what can be ordered here. */
async function skillsOf(http: Http): Promise<string[]> {
  try {
    const { pros } = await http.get<{ pros: { skills: string[] }[] }>("api/dispatch/pros");
    return [...new Set(pros.flatMap((pro) => pro.skills))].sort();
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    return [];
  }
}
