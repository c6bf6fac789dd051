/** How the canvas looks and answers. */

import type { Setting } from '../settings.ts';

export const MINIMAP: Setting<boolean> = {
  id: 'Weft.Canvas.Minimap',
  default: true,
  control: { kind: 'toggle' },
};

export const GRID: Setting<boolean> = {
  id: 'Weft.Canvas.Grid',
  default: true,
  control: { kind: 'toggle' },
};

export const SNAP: Setting<boolean> = {
  id: 'Weft.Canvas.Snap',
  default: false,
  control: { kind: 'toggle' },
};

export const LINK_SHAPE: Setting<string> = {
  id: 'Weft.Canvas.LinkShape',
  default: 'curve',
  control: { kind: 'choice', choices: ['curve', 'straight', 'square', 'hidden'] },
};

export const WHEEL: Setting<string> = {
  id: 'Weft.Canvas.Wheel',
  default: 'zoom',
  control: { kind: 'choice', choices: ['zoom', 'pan'] },
};

/** What dragging the empty ground does. */
export const DRAG: Setting<string> = {
  id: 'Weft.Canvas.Drag',
  default: 'select',
  control: { kind: 'choice', choices: ['select', 'pan'] },
};

/** Nothing but the canvas and the bar above. */
export const FOCUS_MODE: Setting<boolean> = {
  id: 'Weft.Canvas.FocusMode',
  default: false,
  control: { kind: 'hidden' },
};
