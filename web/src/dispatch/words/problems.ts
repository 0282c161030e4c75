import { inLanguage } from "../../lib/language.ts";
import { asSaid, type ProblemWords } from "../../lib/problems.ts";
import { steps } from "./steps.ts";
import { worded } from "./worded.ts";

const english = {
  guard_refused: guardsOf,
  transition_refused: asSaid,
  stale_version: "Somebody changed this job since you read it. Look at what it says now, then decide.",
  job_taken: "Somebody else has this job already.",
  holder_changed: "Meanwhile somebody gave this job to another pro, or took it away. Look who has it now, then decide.",
  job_is_over: "This job is over; what was installed is not rewritten.",
  job_ended: "The job has ended; it gets no new link.",
  reference_conflict: "A different job was made from this order already.",
  flag_open: "A flag of this kind is open already.",
  flag_resolved: "Somebody has resolved this flag already.",
  already_ordered: "The equipment has been ordered. Set the order stage back first, with a reason.",
  plan_incomplete: asSaid,
  nothing_to_order: "The customer provides everything this job needs.",
  hold_exists: "This job’s money is held, taken, or being asked for already.",
  nothing_to_pay: "There is nothing to pay for this job.",
  no_saved_method: "This customer has no saved card. Send them a payment page.",
  price_is_final: "This job is over; its price stays. Give money back instead.",
  refund_too_large: asSaid,
  request_key_reused: "This was sent before, with other values. Begin again.",
  tip_refused: "This job takes no tip now.",
  not_failed: "Only what was refused is tried again.",
  cannot_pay: asSaid,
  not_paid: "Only money that was sent can be taken back.",
  no_sandbox: "A real payment provider is set up, so nothing can be paid here.",
  unusable_order: asSaid,
  payment_declined: "The sandbox’s bank said no.",
  not_resendable: "Only a message that failed or came too late is sent again.",
  not_dead: "This has been decided already.",
  too_late_to_retry: "It is too late for this to be of use. Discard it.",
  too_many_reports: "Several reports are being made already. Ask again in a moment.",
  too_many_subscriptions: "Too many browsers are notified already. Turn one off first.",
  too_many_views: "You have as many saved views as one person may. Delete one first.",
  view_name_taken: "You have a view of this name already.",
  evidence_removed: "This was removed.",
  darkroom_closed: "Photos cannot be read just now, and nothing was kept. Try again in a moment.",
  store_unavailable: "The photos cannot be read just now. Try again in a moment.",
} satisfies ProblemWords;

const spanish: Record<keyof typeof english, ProblemWords[string]> = {
  guard_refused: guardsOf,
  transition_refused: "Desde su estado actual, el trabajo no puede dar ese paso.",
  stale_version: "Alguien cambió este trabajo desde que usted lo leyó. Mire lo que dice ahora y decida.",
  job_taken: "Otra persona ya tiene este trabajo.",
  holder_changed: "Mientras tanto, alguien dio este trabajo a otro profesional o se lo quitó. Mire quién lo tiene ahora y decida.",
  job_is_over: "El trabajo ha terminado; lo instalado ya no se cambia.",
  job_ended: "El trabajo ha terminado; no se le da otro enlace.",
  reference_conflict: "Con este pedido ya se hizo otro trabajo.",
  flag_open: "Ya hay una advertencia abierta de esa clase.",
  flag_resolved: "Alguien ya resolvió esta advertencia.",
  already_ordered: "El material ya está pedido. Primero devuelva el pedido a un estado anterior, con un motivo.",
  plan_incomplete: "Falta saber qué pedir. Complete los datos de instalación.",
  nothing_to_order: "El cliente pone todo lo que hace falta.",
  hold_exists: "El dinero de este trabajo ya está retenido, cobrado o solicitado.",
  nothing_to_pay: "No hay nada que pagar por este trabajo.",
  no_saved_method: "El cliente no tiene tarjeta guardada. Envíele una página de pago.",
  price_is_final: "El trabajo ha terminado y su precio queda. Devuelva dinero en su lugar.",
  refund_too_large: "Es más de lo que se cobró y no se ha devuelto todavía.",
  request_key_reused: "Esto ya se envió con otros valores. Empiece de nuevo.",
  tip_refused: "Ahora este trabajo no admite propina.",
  not_failed: "Solo se reintenta lo que fue rechazado.",
  cannot_pay: "Ahora no hay nada que enviar a este profesional.",
  not_paid: "Solo se puede recuperar dinero que se envió.",
  no_sandbox: "Hay un proveedor de pagos real, así que aquí no se puede pagar.",
  unusable_order: "La página está pagada, pero con su pedido no se puede crear un trabajo.",
  payment_declined: "El banco de pruebas dijo que no.",
  not_resendable: "Solo se reenvía un mensaje que falló o que llegó tarde.",
  not_dead: "Esto ya se decidió.",
  too_late_to_retry: "Ya es tarde para que sirva. Descártelo.",
  too_many_reports: "Ya se están preparando varios informes. Inténtelo en un momento.",
  too_many_subscriptions: "Ya se avisa a demasiados navegadores. Quite uno primero.",
  too_many_views: "Ya tiene todas las vistas guardadas que puede tener. Elimine una primero.",
  view_name_taken: "Ya tiene una vista con ese nombre.",
  evidence_removed: "Esto se retiró.",
  darkroom_closed: "Ahora no se pueden leer las fotos y no se guardó nada. Inténtelo en un momento.",
  store_unavailable: "Ahora no se pueden leer las fotos. Inténtelo en un momento.",
};

/** Every condition that is not met; the server's sentence when it names none that we know. */
function guardsOf(detail: string, facts: Readonly<Record<string, unknown>>): string {
  const { guards } = facts;
  if (!Array.isArray(guards) || guards.length === 0) return detail;
  return guards.map((guard) => worded(steps.guard, String(guard))).join(" ");
}

/** What only dispatch can be refused. */
export const problems = inLanguage<ProblemWords>({ en: english, es: spanish });
