import { h, refill, setText, show } from "../../lib/dom.ts";
import { HttpProblem } from "../../lib/http.ts";
import { smallForm } from "../forms.ts";
import { page } from "../words/page.ts";

export interface Question {
  title: string;
  /** What is said, and the controls to fill in. */
  content: Node[];
  /** The button that does it. */
  submit: string;
  /** Does it, once however often it is pressed. What it returns is shown in its place; null closes the question. */
  send(): Promise<Node[] | null>;
  /** It was done, whether or not the question is still open. */
  done?: () => void;
}

let questions = 0;

/** Asks over the page. What went wrong is said inside, and what was filled in stays. Escape leaves it. */
export function ask(question: Question): void {
  const id = `question-${++questions}`;
  const problem = h("p", { class: "notice notice-bad", role: "alert", hidden: true });
  const dialog = h("dialog", { class: "question", "aria-labelledby": id });
  const form = smallForm(question.content, question.submit, () => void send(), leave);
  const body = h("div", { class: "question-body" }, form, problem);
  dialog.append(h("h2", { id, tabindex: "-1" }, question.title), body);
  dialog.addEventListener("cancel", (event) => {
    if (busy) event.preventDefault(); // what became of it is told first
  });
  dialog.addEventListener("close", () => dialog.remove());
  let busy = false;
  document.body.append(dialog);
  dialog.showModal();

  function leave(): void {
    if (!busy) dialog.close();
  }

  async function send(): Promise<void> {
    if (busy) return;
    busy = true;
    dialog.setAttribute("aria-busy", "true");
    show(problem, false);
    try {
      const result = await question.send();
      question.done?.();
      if (result === null) return dialog.close();
      showResult(result);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      setText(problem, page.failed(error.message));
      show(problem, true);
    } finally {
      busy = false;
      dialog.removeAttribute("aria-busy");
    }
  }

  /** The second tap of two on the button before must not take away what came of the first. */
  function showResult(result: Node[]): void {
    const close = h("button", { class: "button button-main", type: "button" }, page.close);
    close.addEventListener("click", (event) => {
      if (event.detail < 2) dialog.close(); // the browser counts taps at one place; keys are 0
    });
    refill(body, ...result, h("div", { class: "actions" }, close));
    close.focus();
  }
}
