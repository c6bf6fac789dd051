/** Weights of prompts in a text field. */

import { changeWeight } from '../core/prompt-weights.ts';

const STEP = 0.05;

/** Weigh what is selected in a field more or less. */
export function weigh(field: HTMLTextAreaElement, steps: number): void {
  const { value, selectionStart, selectionEnd } = field;
  const edited = changeWeight(value, selectionStart, selectionEnd, steps * STEP);
  if (edited === null) return;
  field.setRangeText(edited.text, 0, value.length, 'preserve');
  field.setSelectionRange(edited.start, edited.end);
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
}
