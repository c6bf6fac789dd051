/**
 * Property tests draw the same examples each time, so that a failure comes with the change that made it. Others are drawn by
 * `FC_SEED=123 npm test`; what they find becomes an example of its test.
 */

import { env } from 'node:process';
import fc from 'fast-check';

const SEED = 20_261_125;

fc.configureGlobal({ seed: Number(env.FC_SEED ?? SEED) });
