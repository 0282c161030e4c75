import { inLanguage } from "../../lib/language.ts";

const english = {
  add: "Order something",
  service: "Service",
  skill: "Skill",
  price: "Price",
  address: "Address",
  name: "Customer",
  email: "Mail",
  phone: "Phone",
  send: "Order",
  example: {
    service: "Mount a 65-inch TV",
    address: "1 Example Street",
    name: "Robin Example",
    email: "robin@example.com",
    phone: "+1 202 555 0142",
  },
};

const spanish: typeof english = {
  add: "Hacer un pedido",
  service: "Servicio",
  skill: "Oficio",
  price: "Precio",
  address: "Dirección",
  name: "Cliente",
  email: "Correo",
  phone: "Teléfono",
  send: "Pedir",
  example: {
    service: "Colgar un televisor de 65 pulgadas",
    address: "Calle de Ejemplo 1",
    name: "Rocío Ejemplo",
    email: "rocio@example.com",
    phone: "+1 202 555 0142",
  },
};

/** An order as the company's shop would send it. */
export const order = inLanguage({ en: english, es: spanish });
