import { expect, test } from 'vitest';
import { Api, ApiError } from '../../src/net/api.ts';
import { claimClientId } from '../../src/net/client-id.ts';

function answering(status: number, body: BodyInit | null): { readonly api: Api; readonly asked: string[] } {
  const asked: string[] = [];
  const api = new Api('', async (url, init) => {
    asked.push(`${init.method ?? 'GET'} ${url}`);
    return new Response(body, { status });
  });
  return { api, asked };
}

async function errorOf(status: number, body: string): Promise<ApiError> {
  return answering(status, body)
    .api.health()
    .catch((error: unknown) => error) as Promise<ApiError>;
}

test('addresses are relative, so that the editor works below a path', async () => {
  const { api, asked } = answering(200, '{}');
  await api.readUserFile('workflows/my flow.json');
  await api.jobs({ limit: 5 });
  expect(asked).toEqual(['GET api/userdata/workflows%2Fmy%20flow.json', 'GET api/v1/jobs?limit=5']);
  expect(api.viewUrl({ filename: 'ä&b.png', subfolder: '', type: 'output' }, { preview: 'webp;80' })).toBe(
    'api/view?filename=%C3%A4%26b.png&subfolder=&type=output&preview=webp%3B80',
  );
});

test('an error has the sentence of the server, in each of its shapes', async () => {
  expect(await errorOf(409, '{"error": "That is taken."}')).toMatchObject({
    status: 409,
    message: 'That is taken.',
  });
  const whole =
    '{"error": {"message": "Bad prompt", "details": "It has no nodes."}, "node_errors": {"5": {"errors": []}}}';
  expect(await errorOf(400, whole)).toMatchObject({
    message: 'It has no nodes.',
    nodeErrors: { 5: { errors: [] } },
  });
  expect((await errorOf(500, '<html>')).message).toContain('500');
});

test('a server that is away is told from one that refuses', async () => {
  expect((await errorOf(502, '<html>Bad gateway</html>')).isUnreachable).toBe(true);
  expect((await errorOf(503, '{"error": "The worker starts."}')).isUnreachable).toBe(false);
  const api = new Api('', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(api.health()).rejects.toMatchObject({ isUnreachable: true });
});

test('an answer without a body is nothing', async () => {
  expect(await answering(204, null).api.deleteUserFile('a')).toBeNull();
});

test('a window that is loaded again keeps its id, a copy of it gets another', () => {
  const values = new Map<string, string>();
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
  const leave: (() => void)[] = [];
  const window = {
    addEventListener: (type: string, listener: () => void) =>
      void (type === 'pagehide' && leave.push(listener)),
  };
  let last = 0;
  const claim = (): string =>
    claimClientId(
      () => storage,
      window,
      () => `id-${++last}`,
    );
  const first = claim();
  expect(claim()).not.toBe(first); // while the first one is open
  leave[0]?.();
  expect(claim()).toBe(first);
});
