// JSON schemas as outlines that people read: a line a field, named types open in place.

import { h, inline } from "./docs_dom.js";

const PREFIX = "#/components/schemas/";
const LIMITS = [
  ["minimum", "≥"], ["exclusiveMinimum", ">"], ["maximum", "≤"], ["exclusiveMaximum", "<"],
  ["minLength", "length ≥"], ["maxLength", "length ≤"], ["minItems", "items ≥"], ["maxItems", "items ≤"],
];

export class Schemas {
  constructor(components) {
    this.components = components;
  }

  /** Return the name of a schema that stands under components, and undefined for others. */
  name(schema) {
    return schema?.$ref?.startsWith(PREFIX) ? schema.$ref.slice(PREFIX.length) : undefined;
  }

  /** Return the schema itself, whether it has a name or not. */
  resolve(schema) {
    const name = this.name(schema);
    return name === undefined ? schema : { title: name, ...this.components[name] };
  }

  /** Return a type as a few words: `JobView[]`, `string | null`, `"asc" | "desc"`. */
  words(schema) {
    if (!schema) return "anything";
    const found = this.resolve(schema);
    if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (this.name(schema)) return this.name(schema).split(".").at(-1);
    if ("const" in found) return JSON.stringify(found.const);
    if (found.anyOf ?? found.oneOf) return (found.anyOf ?? found.oneOf).map((each) => this.words(each)).join(" | ");
    if (found.contentMediaType || found.contentEncoding) return "file";
    if (found.type === "array") return found.prefixItems ? this.tuple(found) : `${this.bracketed(found.items)}[]`;
    if (found.type === "object") return this.object(found);
    return Array.isArray(found.type) ? found.type.join(" | ") : (found.type ?? "anything");
  }

  bracketed(items) {
    const words = this.words(items);
    return words.includes(" ") ? `(${words})` : words;
  }

  tuple(schema) {
    return `[${schema.prefixItems.map((each) => this.words(each)).join(", ")}]`;
  }

  object(schema) {
    const values = schema.additionalProperties;
    return typeof values === "object" && Object.keys(values).length ? `{name: ${this.words(values)}}` : "object";
  }

  /** Return the parts of a schema that have fields to show. */
  withFields(schema) {
    const found = this.resolve(schema) ?? {};
    if (found.properties) return [found];
    const parts = [...(found.anyOf ?? found.oneOf ?? []), found.items, found.additionalProperties, ...(found.prefixItems ?? [])];
    return parts.filter((each) => each && typeof each === "object").flatMap((each) => this.withFields(each));
  }

  /** Return the outline of a schema: its fields, each of which opens if it has fields itself. */
  outline(schema) {
    const parts = this.withFields(schema);
    return h("div", { class: "outline" }, h("div", { class: "type" }, this.words(schema)), parts.map((each) => this.fields(each)));
  }

  fields(schema) {
    const required = new Set(schema.required ?? []);
    const rows = Object.entries(schema.properties).map(([name, field]) => this.field(name, field, required.has(name)));
    const about = schema.description && h("p", { class: "about" }, inline(schema.description));
    return [about, h("ul", { class: "fields" }, rows)];
  }

  field(name, schema, isRequired) {
    const line = [
      h("span", { class: "name" }, name),
      isRequired && h("span", { class: "required", title: "required" }, "•"),
      h("span", { class: "type" }, this.words(schema)),
      this.limits(schema),
    ];
    const about = schema.description && h("span", { class: "about" }, inline(schema.description));
    const inner = this.withFields(schema);
    if (!inner.length) return h("li", {}, h("div", { class: "line" }, line, about));
    return h("li", {}, this.opening(h("summary", { class: "line" }, line, about), inner));
  }

  opening(summary, inner) {
    const details = h("details", {}, summary);
    // Drawn when it is opened: types may contain themselves.
    details.addEventListener("toggle", () => details.append(...inner.flatMap((each) => this.fields(each)).filter(Boolean)), { once: true });
    return details;
  }

  limits(schema) {
    const words = LIMITS.filter(([name]) => schema[name] !== undefined).map(([name, sign]) => `${sign} ${schema[name]}`);
    if (schema.pattern) words.push(`matches ${schema.pattern}`);
    const preset = schema.default;
    if (preset !== undefined && preset !== null && preset !== "") words.push(`default ${JSON.stringify(preset)}`);
    return words.length > 0 && h("span", { class: "limits" }, words.join(", "));
  }

  /** Return an example of a schema: what is required, filled with placeholders. */
  example(schema, depth = 0) {
    const found = this.resolve(schema) ?? {};
    if (found.default !== undefined) return found.default;
    if (found.enum) return found.enum[0];
    if (found.anyOf ?? found.oneOf) return this.example((found.anyOf ?? found.oneOf)[0], depth);
    switch (found.type) {
      case "object": return depth > 3 ? {} : this.exampleFields(found, depth);
      case "array": return [];
      case "integer":
      case "number": return found.minimum ?? 0;
      case "boolean": return false;
      default: return "…";
    }
  }

  exampleFields(schema, depth) {
    const required = (schema.required ?? []).filter((name) => schema.properties?.[name]);
    const shown = required.length ? required : Object.keys(schema.properties ?? {}).slice(0, 1);
    return Object.fromEntries(shown.map((name) => [name, this.example(schema.properties[name], depth + 1)]));
  }
}
