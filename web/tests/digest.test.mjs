// Each file of the corpus that CORPUS names, taken alone, has the digest that the native build gives.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { load, openSync } from '../dist/package/index.js';
import { files } from './oracle.mjs';
import { root } from './support.mjs';

const binary = process.env.H5 ?? fileURLToPath(new URL('target/release/h5', root));

/** What a digest tells but for the file's name; null where the file is refused. */
function told(digest) {
  try {
    const { file: _, ...rest } = digest();
    return rest;
  } catch {
    return null;
  }
}

test('every file of the corpus has the digest that the native build gives', { skip: !process.env.CORPUS }, async () => {
  await load();
  // In a folder of its own, where no other file is found from it: the page has no others either.
  const folder = mkdtempSync(join(tmpdir(), 'h5-alone-'));
  const alone = join(folder, 'alone.h5');
  const seen = { equal: 0, refused: 0 };
  const differing = [];
  for (const path of files(process.env.CORPUS)) {
    // Files of one set: each is a part.
    if (path.includes('/set_')) continue;
    copyFileSync(path, alone);
    const native = told(() => JSON.parse(execFileSync(binary, ['digest', alone], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })));
    const ours = told(() => {
      const file = openSync(new Uint8Array(readFileSync(path)), 'alone.h5');
      try {
        return file.digest();
      } finally {
        file.close();
      }
    });
    if (JSON.stringify(ours) !== JSON.stringify(native)) differing.push(path);
    else seen[native ? 'equal' : 'refused'] += 1;
  }
  rmSync(folder, { recursive: true });
  console.log(`${seen.equal} digests equal, ${seen.refused} files refused by both`);
  assert.deepEqual(differing, []);
  assert.ok(seen.equal > 800, `${seen.equal} files`);
});
