import { writeFixedWords } from "../lib/language.ts";
import { words } from "./words/ending.ts";

/** Where a payment page sends the customer back to (`paid.html`, `not-paid.html`), in their language. */
writeFixedWords(document.body.dataset["page"] === "paid" ? words.paid : words.notPaid);
