/** Every setting that users see, found in settings/ and grouped by the middle part of its id. */

import type { Json } from '../core/graph.ts';
import type { Setting } from './settings.ts';

const FILES = import.meta.glob<{ readonly [name: string]: Setting<Json> }>('./settings/*.ts', {
  eager: true,
});

export interface SettingGroup {
  /** Its text is `settings.<name>`. */
  readonly name: string;
  readonly settings: readonly Setting<Json>[];
}

export function allSettings(): readonly Setting<Json>[] {
  return Object.values(FILES).flatMap((file) => Object.values(file).filter(isSetting));
}

export function settingGroups(): readonly SettingGroup[] {
  const groups = new Map<string, Setting<Json>[]>();
  for (const setting of allSettings().filter(({ control }) => control.kind !== 'hidden')) {
    const name = setting.id.split('.')[1] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), setting]);
  }
  return [...groups].map(([name, settings]) => ({ name, settings }));
}

function isSetting(value: unknown): value is Setting<Json> {
  return typeof value === 'object' && value !== null && 'id' in value && 'control' in value;
}
