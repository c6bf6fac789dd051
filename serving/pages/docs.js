// The page of the API: reads openapi.json, draws contents and operations, searches, follows links to operations.

import { h, inline, prose } from "./docs_dom.js";
import { operationElement, pathParts } from "./docs_operation.js";
import { Schemas } from "./docs_schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Return all operations of a document in its order. */
function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const about = item[method];
      const words = [method, path, about.summary, about.description, about.tags[0]].join(" ").toLowerCase();
      return { method, path, about, words, tag: about.tags[0], alsoBelowApi: (item.servers ?? []).length > 1 };
    }),
  );
}

function section(tag, operations, schemas) {
  const elements = operations.map((each) => operationElement(each, schemas));
  return h("section", { id: `tag-${tag.name}` }, h("h2", {}, tag.name), tag.description && h("p", {}, inline(firstSentence(tag.description))), elements);
}

function firstSentence(text) {
  return text.split(/\n\s*\n/)[0];
}

function contents(tag, operations) {
  const links = operations.map((each) =>
    h("li", {}, h("a", { href: `#${each.about.operationId}`, title: each.about.summary }, h("span", { class: `method ${each.method}` }, each.method === "delete" ? "DEL" : each.method.toUpperCase()), h("span", { class: "path" }, pathParts(each.path)))),
  );
  return h("div", { class: "group" }, h("h2", {}, h("a", { href: `#tag-${tag.name}` }, tag.name)), h("ul", {}, links));
}

/** Hide what does not have all words; return how many operations are shown. */
function search(text, groups) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { operations, section, contents } of groups) {
    const fits = operations.map((each) => words.every((word) => each.words.includes(word)));
    section.querySelectorAll(":scope > .operation").forEach((element, index) => (element.hidden = !fits[index]));
    contents.querySelectorAll("li").forEach((element, index) => (element.hidden = !fits[index]));
    section.hidden = contents.hidden = !fits.includes(true);
    shown += fits.filter(Boolean).length;
  }
  return shown;
}

function openLinked(showAll) {
  const element = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!element) return;
  if (element.hidden || element.parentElement.hidden) showAll();
  if (element.matches("details")) element.open = true;
  element.scrollIntoView({ block: "start" });
  for (const link of document.querySelectorAll("#contents a")) link.classList.toggle("here", link.hash === location.hash);
}

function draw(description) {
  const schemas = new Schemas(description.components.schemas);
  const all = operationsOf(description);
  const groups = description.tags.map((tag) => {
    const operations = all.filter((each) => each.tag === tag.name);
    return { operations, section: section(tag, operations, schemas), contents: contents(tag, operations) };
  });
  const nothing = h("p", { class: "hint", hidden: true }, "No route has these words.");
  document.getElementById("version").textContent = description.info.version;
  document.getElementById("contents").replaceChildren(...groups.map((each) => each.contents));
  document.getElementById("routes").replaceChildren(h("div", { class: "intro" }, prose(description.info.description)), nothing, ...groups.map((each) => each.section));
  listen(groups, nothing);
}

function listen(groups, nothing) {
  const field = document.getElementById("search");
  const update = () => (nothing.hidden = search(field.value, groups) > 0);
  const showAll = () => {
    field.value = "";
    update();
  };
  field.addEventListener("input", update);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      field.focus();
    }
  });
  addEventListener("hashchange", () => openLinked(showAll));
  openLinked(showAll);
}

try {
  const response = await fetch("openapi.json");
  if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`);
  draw(await response.json());
} catch (error) {
  document.getElementById("routes").replaceChildren(h("p", { class: "bad" }, `The description cannot be read: ${error.message}.`));
}
