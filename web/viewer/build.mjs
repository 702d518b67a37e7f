// Builds web/dist/viewer: the page, the worker of the package, and the engine beside it.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const out = new URL('../dist/viewer/', import.meta.url);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [new URL('main.tsx', import.meta.url).pathname],
  outdir: out.pathname,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  external: ['node:fs/promises'],
  define: { 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff2': 'file', '.svg': 'dataurl', '.png': 'dataurl' },
  logLevel: 'warning',
});
for (const name of ['worker.js', 'h5_web_bg.wasm']) {
  copyFileSync(new URL(`../dist/package/${name}`, import.meta.url), new URL(name, out));
}
copyFileSync(new URL('index.html', import.meta.url), new URL('index.html', out));
