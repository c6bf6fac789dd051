import { expect, test } from 'vitest';
import { valueText } from '../../src/widgets/value-text.ts';
import { SPECS } from '../core/edits/examples.ts';

test('values are shown as their widgets show them', () => {
  const specs = [...SPECS.values()].flatMap(({ inputs }) => inputs.flatMap(({ widget }) => widget ?? []));
  const widget = specs[0]!;
  expect(valueText(8, { ...widget, kind: 'float', step: 0.1, round: null })).toBe('8.0');
  expect(valueText(8, { ...widget, kind: 'int' })).toBe('8');
  expect(valueText(true, { ...widget, kind: 'toggle', labels: ['no', 'yes'] })).toBe('yes');
  expect(valueText('euler', { ...widget, kind: 'choice' })).toBe('euler');
  expect(valueText(null, { ...widget, kind: 'text' })).toBe('');
});
