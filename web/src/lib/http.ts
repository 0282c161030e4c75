import { learnClock } from "./clock.ts";
import { inWords } from "./problems.ts";

/** An RFC 9457 problem in the reader's language, or a network that did not answer (`status` 0). */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly facts: Record<string, unknown>;
  /** Seconds after which the server wants to be asked again, when it said so. */
  readonly retry_after_s: number | null;

  constructor(status: number, code: string, detail: string, facts: Record<string, unknown>, retry_after_s: number | null) {
    super(detail);
    this.status = status;
    this.code = code;
    this.facts = facts;
    this.retry_after_s = retry_after_s;
  }

  /** Whether the same request can succeed later without a change. */
  get retry(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Calls of our own server: JSON in, JSON out, problems thrown. */
export class Http {
  readonly root: string;
  private readonly token: string | null;
  private readonly scheme: "Bearer" | "Link";

  /** `token` is a person's, or (`scheme` Link) a tracking link's. */
  constructor(root: string, token: string | null = null, scheme: "Bearer" | "Link" = "Bearer") {
    this.root = root;
    this.token = token;
    this.scheme = scheme;
  }

  get<T>(path: string): Promise<T> {
    return this.call<T>("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("POST", path, body);
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PUT", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PATCH", path, body);
  }

  async remove(path: string): Promise<void> {
    await this.call<unknown>("DELETE", path);
  }

  /** Sends a file as it is. @throws HttpProblem, also when there is no answer within the server's own 60 s. */
  upload<T>(path: string, file: Blob, method: "POST" | "PUT" = "POST"): Promise<T> {
    return this.send<T>(method, path, file, file.type, 65_000);
  }

  /** A file that is not JSON, for example a list as CSV. @throws HttpProblem; a long list may take the server's own 60 s. */
  async file(path: string): Promise<Blob> {
    const response = await this.ask("GET", path, null, null, 65_000);
    return response.blob().catch(() => Promise.reject(unanswered()));
  }

  /** @throws HttpProblem for every answer that is not 2xx, and when there is no answer in 15 s. */
  private call<T>(method: string, path: string, body?: unknown): Promise<T> {
    if (body === undefined) return this.send<T>(method, path, null, null, 15_000);
    return this.send<T>(method, path, JSON.stringify(body), "application/json", 15_000);
  }

  private async send<T>(method: string, path: string, body: BodyInit | null, type: string | null, patience_ms: number): Promise<T> {
    const response = await this.ask(method, path, body, type, patience_ms);
    try {
      return (response.status === 204 ? null : await response.json()) as T;
    } catch {
      throw unanswered(); // cut off in the middle, or the sign-in page of somebody's Wi-Fi
    }
  }

  private async ask(method: string, path: string, body: BodyInit | null, type: string | null, patience_ms: number): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.token) headers["Authorization"] = `${this.scheme} ${this.token}`;
    if (type !== null) headers["Content-Type"] = type;
    const began = Date.now();
    let response: Response;
    try {
      response = await fetch(this.root + path, {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(patience_ms),
      });
    } catch {
      throw unanswered();
    }
    learnClock(response, began, Date.now());
    if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
    return response;
  }
}

function unanswered(): HttpProblem {
  return new HttpProblem(0, "no_answer", inWords("no_answer", ""), {}, null);
}

function problemOf(response: Response, answer: unknown): HttpProblem {
  const facts = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  const text = (key: string): string | null => (typeof facts[key] === "string" ? facts[key] : null);
  const after = Number.parseFloat(response.headers.get("retry-after") ?? "");
  const code = text("code");
  // Without a code it was not our server that answered, but what stands before it.
  const said = inWords(code ?? (response.status >= 500 ? "unavailable" : ""), text("detail") ?? text("title") ?? `HTTP ${response.status}`, facts);
  return new HttpProblem(response.status, code ?? `http_${response.status}`, said, facts, Number.isFinite(after) ? after : null);
}
