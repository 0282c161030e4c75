// Draws openapi.json. Everything is made with textContent, so no text of the document can become markup.

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
};

/** A schema as one line of TypeScript-like text; objects of the components are written out once, indented. */
const shape = (schema, components, indent = "", open = []) => {
  if (!schema) return "any";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return open.includes(name) ? name : shape(components[name], components, indent, [...open, name]);
  }
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map((one) => shape(one, components, indent, open)).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `[${shape(schema.items, components, indent, open)}, …]`;
  if (schema.properties) {
    const deeper = `${indent}  `;
    const lines = Object.entries(schema.properties).map(([name, one]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      const note = noteOf(one) ? `  // ${noteOf(one)}` : "";
      return `${deeper}${name}${optional}: ${shape(one, components, deeper, open)}${note}`;
    });
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  const kind = [schema.type ?? "any"].flat().join(" | ");
  const notes = [schema.format, range(schema)].filter(Boolean).join(", ");
  return notes ? `${kind} (${notes})` : kind;
};

/** The range of a schema: `1…128 characters`, `0…90`; an end that only says "64 bits" is left out. */
const range = ({ minimum, maximum, exclusiveMinimum, minLength, maxLength }) => {
  if (minLength !== undefined || maxLength !== undefined) return `${minLength ?? 0}…${maxLength ?? ""} characters`;
  const low = minimum ?? (exclusiveMinimum === undefined ? undefined : `>${exclusiveMinimum}`);
  const high = maximum > Number.MAX_SAFE_INTEGER ? undefined : maximum;
  return low === undefined && high === undefined ? "" : `${low ?? ""}…${high ?? ""}`;
};

/** The first description in a schema or in its alternatives. */
const noteOf = (schema) => schema.description ?? (schema.anyOf ?? []).map(noteOf).find(Boolean);

/** Text in which `words in backticks` are code. */
const words = (text) =>
  make("span", {}, ...text.split("`").map((part, index) => (index % 2 === 1 ? code(part) : part)));

const table = (heads, rows) =>
  make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { textContent: head, scope: "col" })))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))),
  );

const code = (text) => make("code", { textContent: text });
const block = (title, text) => [make("h3", { textContent: title }), make("pre", { textContent: text })];

/** What a body or an answer is: JSON as its shape, anything else by its media types. */
const told = (content, components) => {
  if (!content) return "no body";
  const { "application/json": json, ...others } = content;
  const other = Object.keys(others).join(", ");
  if (!json) return other;
  return shape(json.schema, components) + (other ? `\n\nor ${other}` : "");
};

const operation = (path, method, one, components) => {
  const inside = make("div", { className: "inside" });
  const who = one.security.length === 0 ? "anybody" : (one["x-roles"] ?? []).join(", ");
  const link = one.security.some((way) => "link" in way) ? ", and a tracking link" : "";
  inside.append(make("p", { textContent: `For ${who}${link}.` }));
  if (one.parameters.length > 0) {
    const rows = one.parameters.map((given) => [
      code(given.name),
      given.in,
      code(shape(given.schema, components)),
      given.required ? "required" : given.schema.default === undefined ? "" : `default ${given.schema.default}`,
    ]);
    inside.append(make("h3", { textContent: "Parameters" }), table(["name", "in", "type", ""], rows));
  }
  if (one.requestBody) inside.append(...block("Body", told(one.requestBody.content, components)));
  for (const [status, answer] of Object.entries(one.responses)) {
    if (status < "300") inside.append(...block(`${status} ${answer.description}`, told(answer.content, components)));
  }
  const refusals = Object.entries(one.responses).filter(([status]) => status >= "400");
  inside.append(
    make("h3", { textContent: "Refusals" }),
    table(["status", "code and meaning"], refusals.map(([status, answer]) => [status, words(answer.description)])),
  );
  return make(
    "details",
    { id: one.operationId },
    make(
      "summary",
      {},
      make("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      code(path),
      make("span", { className: "what", textContent: one.summary }),
    ),
    inside,
  );
};

const draw = (document_) => {
  const components = document_.components.schemas;
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const [method, one] of Object.entries(methods)) {
      const tag = one.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, method, one, components));
    }
  }
  const main = document.getElementById("endpoints");
  const contents = document.getElementById("contents");
  for (const [tag, drawn] of groups) {
    main.append(make("section", { id: `tag-${tag}` }, make("h2", { textContent: tag }), ...drawn));
    contents.append(make("a", { href: `#tag-${tag}`, textContent: tag }));
  }
  const about = document.getElementById("about");
  about.textContent = `${document_.info.description} Version ${document_.info.version}. `;
  about.append(make("a", { href: "openapi.json", textContent: "openapi.json" }));
};

const filter = (words) => {
  const wanted = words.trim().toLowerCase();
  for (const section of document.querySelectorAll("section")) {
    const drawn = [...section.querySelectorAll("details")];
    for (const one of drawn) one.hidden = !one.textContent.toLowerCase().includes(wanted);
    section.hidden = drawn.every((one) => one.hidden);
  }
};

const openNamed = () => {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
};

try {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  draw(await response.json());
  document.getElementById("find").addEventListener("input", (event) => filter(event.target.value));
  addEventListener("hashchange", openNamed);
  openNamed();
} catch (error) {
  document.getElementById("about").textContent = `openapi.json could not be read: ${error.message}`;
}
