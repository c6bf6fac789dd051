// "Try it": a GET with the values that someone typed in, and the same as a curl command.

import { h } from "./docs_dom.js";

const MOST_SHOWN = 200_000; // characters of an answer

/** Return the address of an operation with values; empty ones are left out of the query. */
export function address(path, parameters, values) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place } of parameters) {
    const value = values[name] ?? "";
    if (place === "path") filled = filled.replace(`{${name}}`, value === "" ? `{${name}}` : encodeURIComponent(value));
    else if (value !== "") query.append(name, value);
  }
  return query.size ? `${filled}?${query}` : filled;
}

/** Return a command for a shell that does the same. */
export function command(method, url, body, form) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const verb = method === "get" || (method === "post" && (body || form)) ? "" : ` -X ${method.toUpperCase()}`;
  const json = body ? ` --json ${quoted(JSON.stringify(body))}` : "";
  const fields = form ? Object.entries(form).map(([name, value]) => ` -F ${quoted(`${name}=${value}`)}`).join("") : "";
  return `curl${verb} ${quoted(url)}${json}${fields}`;
}

/** Return where answers are shown, and a function that asks an address and shows what comes. */
export function answers() {
  const place = h("div", { class: "answer", hidden: true });
  const show = (...children) => {
    place.hidden = false;
    place.replaceChildren(...children);
  };
  const ask = async (url) => {
    show(h("p", {}, "…"));
    const started = performance.now();
    try {
      const response = await fetch(url);
      show(...(await described(response, url, started)));
    } catch (error) {
      show(h("p", { class: "bad" }, `No answer: ${error.message}`));
    }
  };
  return [place, ask];
}

async function described(response, url, started) {
  const type = response.headers.get("content-type") ?? "";
  const isText = /json|text|xml|javascript/.test(type);
  const body = isText ? await response.text() : null;
  const milliseconds = Math.round(performance.now() - started);
  const status = h("span", { class: response.ok ? "good" : "bad" }, `${response.status} ${response.statusText}`);
  const link = h("a", { href: url, target: "_blank", rel: "noreferrer" }, "open");
  const head = h("p", {}, status, ` · ${milliseconds} ms · ${type || "no body"} · `, link);
  if (type.startsWith("image/")) return [head, h("img", { alt: "", src: URL.createObjectURL(await response.blob()) })];
  return body ? [head, h("pre", {}, pretty(body, type))] : [head];
}

function pretty(text, type) {
  let shown = text;
  if (type.includes("json")) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // It says that it is JSON and is not: shown as it came.
    }
  }
  return shown.length > MOST_SHOWN ? `${shown.slice(0, MOST_SHOWN)}\n… ${shown.length - MOST_SHOWN} more characters` : shown;
}
