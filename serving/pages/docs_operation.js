// One operation: a line that opens, with its parameters, body, answers and a way to try it.

import { h, inline, prose } from "./docs_dom.js";
import { address, answers, command } from "./docs_try.js";

/** Return the element of an operation; what is inside is drawn when it is first opened. */
export function operationElement(operation, schemas) {
  const { method, path, about } = operation;
  const summary = h(
    "summary",
    {},
    h("span", { class: `method ${method}` }, method.toUpperCase()),
    h("span", { class: "path" }, pathParts(path)),
    h("span", { class: "summary" }, about.summary),
  );
  const element = h("details", { class: "operation", id: about.operationId }, summary);
  element.addEventListener("toggle", () => element.append(inside(operation, schemas)), { once: true });
  return element;
}

/** Return a path with its names marked, and with places to break the line. */
export function pathParts(path) {
  return path.split(/(?=\/)/).flatMap((part) => [h("wbr"), part.split(/(\{\w+\})/).map((each) => (each.startsWith("{") ? h("em", {}, each) : each))]);
}

function inside(operation, schemas) {
  const { about } = operation;
  return h(
    "div",
    { class: "inside" },
    prose(about.description),
    operation.alsoBelowApi && h("p", { class: "hint" }, "Also at ", h("code", {}, `/api${operation.path}`), "."),
    trying(operation, schemas),
    bodySection(about.requestBody, schemas),
    h("h4", {}, "Answers"),
    Object.entries(about.responses).filter(([status]) => status !== "default").map(([status, answer]) => answerSection(status, answer, schemas)),
  );
}

function trying(operation, schemas) {
  const { method, path, about } = operation;
  const parameters = about.parameters ?? [];
  const values = {};
  const shell = h("code", {});
  const [place, ask] = answers();
  const url = () => address(path, parameters, values);
  const redraw = () => (shell.textContent = command(method, new URL(url(), location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}"), ...exampleBody(about, schemas)));
  const inputs = parameters.map((each) => parameterRow(each, schemas, (value) => { values[each.name] = value; redraw(); }));
  redraw();
  const canTry = method === "get" && !isStream(about);
  const send = (event) => { event.preventDefault(); ask(url()); };
  return h(
    "form",
    { submit: canTry ? send : (event) => event.preventDefault() },
    parameters.length > 0 && [h("h4", {}, "Parameters"), h("ul", { class: "fields parameters" }, inputs)],
    h("div", { class: "command" }, h("pre", {}, shell), copyButton(shell), canTry && h("button", { class: "send" }, "Try it")),
    place,
  );
}

function isStream(about) {
  return "101" in about.responses || "text/event-stream" in (about.responses["200"]?.content ?? {});
}

function exampleBody(about, schemas) {
  const content = about.requestBody?.content;
  if (content?.["application/json"]) return [schemas.example(content["application/json"].schema), null];
  const form = content?.["multipart/form-data"]?.schema;
  if (!form) return [null, null];
  const fields = Object.entries(form.properties).filter(([name]) => form.required.includes(name));
  return [null, Object.fromEntries(fields.map(([name, field]) => [name, field.contentMediaType ? "@file" : schemas.example(field)]))];
}

function parameterRow(parameter, schemas, change) {
  const { name, schema, required, description } = parameter;
  const input = h("input", {
    "aria-label": name,
    name,
    required,
    placeholder: schema.default != null ? String(schema.default) : schemas.words(schema),
    autocomplete: "off",
    spellcheck: "false",
    input: (event) => change(event.target.value),
  });
  const line = [h("span", { class: "name" }, name), required && h("span", { class: "required", title: "required" }, "•"), h("span", { class: "type" }, schemas.words(schema)), schemas.limits(schema)];
  return h("li", {}, h("label", {}, h("span", { class: "line" }, line, description && h("span", { class: "about" }, inline(description))), input));
}

function copyButton(source) {
  const button = h("button", { type: "button", title: "Copy the command" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  return button;
}

function bodySection(body, schemas) {
  if (!body) return null;
  return Object.entries(body.content).map(([type, { schema }]) => [h("h4", {}, "Body ", h("small", {}, type)), schemas.outline(schema)]);
}

function answerSection(status, answer, schemas) {
  const parts = Object.entries(answer.content ?? {});
  const line = h("span", { class: Number(status) < 400 ? "good" : "bad" }, status);
  const types = parts.length ? parts.map(([type]) => type).join(", ") : "no body";
  const schema = parts[0]?.[1].schema;
  return h("div", { class: "status" }, h("div", {}, line, ` ${answer.description} `, h("small", {}, types)), Number(status) < 400 && schema && schemas.outline(schema));
}
