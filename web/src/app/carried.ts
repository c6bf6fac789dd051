/** Finds the workflow that a picture carries. */

/** Return the text of the workflow in a picture (PNG, WebP, JPEG); null if there is none. */
export async function workflowTextsIn(_file: File): Promise<string | null> {
  return null;
}
