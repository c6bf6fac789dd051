// Elements from values. Text is only ever set as text, so that nothing in a document can become markup.

/** Return an element with attributes (functions are listeners) and children; null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Return paragraphs of a text, with `code` marked. */
export function prose(text) {
  const paragraphs = (text ?? "").split(/\n\s*\n/).filter((each) => each.trim());
  return paragraphs.map((each) => h("p", {}, inline(each)));
}

/** Return a line of text with `code` marked. */
export function inline(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}
