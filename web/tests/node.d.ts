/** The few parts of Node.js that tests use. Its whole types would let the editor's own code use it too. */

declare module 'node:fs' {
  export function existsSync(path: string): boolean;
  export function readdirSync(path: string): string[];
  export function readFileSync(path: string | URL, encoding: 'utf8'): string;
  export function readFileSync(path: string): Uint8Array<ArrayBuffer>;
}

declare module 'node:child_process' {
  export function execFileSync(file: string, args: readonly string[], options: object): string;
}

declare module 'node:path' {
  export function join(...parts: string[]): string;
}

declare module 'node:process' {
  export const env: { readonly [name: string]: string | undefined };
}
