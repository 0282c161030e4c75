import { inLanguage } from "../../lib/language.ts";

const english = {
  title: "Photos and signature",
  digest: (pieces: number, doubtful: number): string => (pieces === 0 ? "none" : `${pieces}${doubtful === 0 ? "" : `, ${doubtful} to look at`}`),
  none: "Nothing has been sent yet.",
  alt: (kind: string, at: string): string => `${kind}, ${at}`,
  kind: { before: "Before", after: "After", signature: "Signature" },
  doubt: {
    taken_elsewhere: "Taken elsewhere",
    taken_at_another_time: "Taken at another time",
    no_capture_time: "No time in it",
    no_place: "No place in it",
    edited_software: "Edited",
  },
};

const spanish: typeof english = {
  title: "Fotos y firma",
  digest: (pieces, doubtful) => (pieces === 0 ? "nada" : `${pieces}${doubtful === 0 ? "" : `, ${doubtful} por revisar`}`),
  none: "Todavía no se ha enviado nada.",
  alt: (kind, at) => `${kind}, ${at}`,
  kind: { before: "Antes", after: "Después", signature: "Firma" },
  doubt: {
    taken_elsewhere: "Tomada en otro lugar",
    taken_at_another_time: "Tomada a otra hora",
    no_capture_time: "Sin hora",
    no_place: "Sin lugar",
    edited_software: "Editada",
  },
};

/** Photos and the signature of a job. */
export const evidence = inLanguage({ en: english, es: spanish });
