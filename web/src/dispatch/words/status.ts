import { inLanguage } from "../../lib/language.ts";
import type { Contact, Status } from "../../lib/wire.ts";

const english = {
  status: {
    pending: "Pending",
    pending_scheduling: "To be scheduled",
    open: "Open",
    accepted: "Accepted",
    scheduled: "Scheduled",
    en_route: "On the way",
    arrived: "Arrived",
    in_progress: "Working",
    completed: "Completed",
    paid: "Paid",
    cancelled: "Cancelled",
  } satisfies Record<Status, string>,
  contact: { live: "Live", delayed: "Delayed", lost: "Lost" } satisfies Record<Contact, string>,
};

const spanish: typeof english = {
  status: {
    pending: "Pendiente",
    pending_scheduling: "Sin fecha",
    open: "Libre",
    accepted: "Aceptado",
    scheduled: "Con cita",
    en_route: "En camino",
    arrived: "En el lugar",
    in_progress: "Trabajando",
    completed: "Terminado",
    paid: "Pagado",
    cancelled: "Cancelado",
  },
  contact: { live: "En vivo", delayed: "Con retraso", lost: "Sin señal" },
};

/** What a job's status and a pro's contact are called. */
export const status = inLanguage({ en: english, es: spanish });
