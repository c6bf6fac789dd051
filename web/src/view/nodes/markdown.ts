/** Markdown as safe HTML. The libraries are loaded when the first note is shown. */

const NEVER = ['style', 'form', 'input', 'button', 'textarea', 'select', 'iframe', 'object', 'embed'];

/** Return a text as HTML without scripts, styles or forms; links open in a new tab and tell nothing of this one. */
export async function renderMarkdown(text: string): Promise<string> {
  const [{ marked }, { default: purify }] = await Promise.all([import('marked'), import('dompurify')]);
  const html = await marked.parse(text, { async: true, gfm: true, breaks: true });
  const body = purify.sanitize(html, {
    FORBID_TAGS: NEVER,
    FORBID_ATTR: ['style'],
    RETURN_DOM: true,
  }) as HTMLElement;
  for (const link of body.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
  }
  return body.innerHTML;
}
