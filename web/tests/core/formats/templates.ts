/**
 * The official templates of ComfyUI's editor, from the Python package comfyui-workflow-templates-json: WEFT_TEMPLATES
 * names their folder, else Python is asked where the package is.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import type { JsonObject } from '../../../src/core/graph.ts';

const PACKAGE = 'comfyui_workflow_templates_json';
const ASK = `import importlib.util as u; s = u.find_spec("${PACKAGE}"); print(s.submodule_search_locations[0] if s else "")`;
const PYTHONS = ['../.venv/bin/python', 'python3', 'python'];

/** Return the folder of the templates; null if the package is not installed. */
export function templatesFolder(): string | null {
  const given = env.WEFT_TEMPLATES;
  if (given !== undefined && given !== '') return given;
  const found = PYTHONS.map(packageFolder).find((folder) => folder !== '');
  return found === undefined ? null : join(found, 'templates');
}

function packageFolder(python: string): string {
  try {
    return execFileSync(python, ['-c', ASK], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return ''; // there is no such Python
  }
}

/** Return the workflows of a folder by the name of their file; other JSON files are left out. */
export function readTemplates(folder: string): Map<string, JsonObject> {
  if (!existsSync(folder)) throw new Error(`${folder}: there is no such folder of templates.`);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const documents = files.map((name) => [name, parse(join(folder, name))] as const);
  return new Map(documents.filter(([, document]) => Array.isArray(document.nodes)));
}

function parse(path: string): JsonObject {
  return JSON.parse(readFileSync(path, 'utf8')) as JsonObject;
}
