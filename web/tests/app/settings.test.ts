import { expect, test, vi } from 'vitest';
import type { JsonObject } from '../../src/core/graph.ts';
import { Settings, type Setting, type SettingsKeeper } from '../../src/app/settings.ts';

const SIZE: Setting<number> = {
  id: 'Weft.Test.Size',
  default: 3,
  control: { kind: 'number', min: 0, max: 9, step: 1 },
};
const SHAPE: Setting<string> = {
  id: 'Weft.Test.Shape',
  default: 'round',
  control: { kind: 'choice', choices: ['round', 'square'] },
};

class Server implements SettingsKeeper {
  isAway = false;
  constructor(public values: JsonObject = {}) {}

  async load(): Promise<JsonObject> {
    if (this.isAway) throw new Error('away');
    return this.values;
  }

  async save(values: JsonObject): Promise<void> {
    if (this.isAway) throw new Error('away');
    this.values = { ...this.values, ...values };
  }
}

class Browser {
  readonly #kept = new Map<string, string>();
  getItem = (key: string): string | null => this.#kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.#kept.set(key, value);
}

test('what is set is saved on the server and known to the next browser', async () => {
  const server = new Server();
  const settings = new Settings(server, new Browser());
  settings.of(SIZE).set(7);
  await settings.flush();
  const other = new Settings(server, new Browser());
  const seen: number[] = [];
  other.of(SIZE).watch((value) => seen.push(value));
  await other.load();
  expect(seen).toEqual([7]);
  expect(other.of(SIZE).value).toBe(7);
});

test('without a server this browser remembers', async () => {
  const [server, browser] = [new Server(), new Browser()];
  server.isAway = true;
  new Settings(server, browser).of(SIZE).set(5);
  const next = new Settings(server, browser);
  await expect(next.load()).rejects.toThrow('away');
  expect(next.of(SIZE).value).toBe(5);
});

test('what other editors keep on the server, be it a large number, does not hinder this browser', async () => {
  const [server, browser] = [new Server({ 'Other.Mark': 18446744073709551615n }), new Browser()];
  const settings = new Settings(server, browser);
  await settings.load();
  settings.of(SIZE).set(5);
  await settings.flush();
  server.isAway = true;
  const next = new Settings(server, browser);
  await expect(next.load()).rejects.toThrow('away');
  expect(next.of(SIZE).value).toBe(5);
});

test('a value that the setting cannot have is its default', async () => {
  const settings = new Settings(
    new Server({ 'Weft.Test.Shape': 'flat', 'Weft.Test.Size': 'much' }),
    new Browser(),
  );
  await settings.load();
  expect(settings.of(SHAPE).value).toBe('round');
  expect(settings.of(SIZE).value).toBe(3);
});

test('a value that the server sends in after the start is checked too', async () => {
  const settings = new Settings(new Server({ 'Weft.Test.Shape': 'flat' }), new Browser());
  const store = settings.of(SHAPE);
  await settings.load();
  expect(store.value).toBe('round');
});

test('loading saves nothing', async () => {
  vi.useFakeTimers();
  const server = new Server({ 'Weft.Test.Size': 4 });
  const settings = new Settings(server, new Browser());
  settings.of(SIZE);
  await settings.load();
  server.values = {};
  await vi.runAllTimersAsync();
  vi.useRealTimers();
  expect(server.values).toEqual({});
});
