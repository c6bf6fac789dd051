/** How the editor looks. */

import type { Setting } from '../settings.ts';

export const THEME: Setting<string> = {
  id: 'Weft.Appearance.Theme',
  default: 'system',
  control: { kind: 'choice', choices: ['system', 'dark', 'light'] },
};

export const LANGUAGE: Setting<string> = {
  id: 'Weft.Appearance.Language',
  default: 'auto',
  control: { kind: 'choice', choices: ['auto', 'en', 'pt'] },
};

export const TOOLTIPS: Setting<boolean> = {
  id: 'Weft.Appearance.Tooltips',
  default: true,
  control: { kind: 'toggle' },
};

export const PANEL_WIDTH: Setting<number> = {
  id: 'Weft.Appearance.PanelWidth',
  default: 300,
  control: { kind: 'hidden' },
};
