/** Yes or no, as a switch. It is mounted as extensions mount theirs. */

import type { MountedWidget, WidgetGiven, WidgetMount } from './contract.ts';
import './toggle.css';

export const mountToggle: WidgetMount = (element, first): MountedWidget => {
  const button = document.createElement('button');
  const [name, state, knob] = ['name', 'state', 'knob'].map((part) => {
    const span = document.createElement('span');
    span.className = `weft-toggle-${part}`;
    return span;
  }) as [HTMLElement, HTMLElement, HTMLElement];
  button.type = 'button';
  button.className = 'weft-toggle';
  button.setAttribute('role', 'switch');
  button.append(name, state, knob);
  element.append(button);

  const show = ({ value, spec, name: shown, label, isDisabled }: WidgetGiven): void => {
    const isOn = value === true;
    name.textContent = shown;
    state.textContent = spec.labels[isOn ? 1 : 0];
    button.disabled = isDisabled;
    button.setAttribute('aria-label', label);
    button.setAttribute('aria-checked', String(isOn));
  };
  button.addEventListener('click', () => first.onChange(button.getAttribute('aria-checked') !== 'true'));
  show(first);
  return { update: show, destroy: () => button.remove() };
};
