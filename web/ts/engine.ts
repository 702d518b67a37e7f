import { initSync } from './wasm/h5_web.js';
import { Loader } from './loader.ts';

export type { EngineSource } from './loader.ts';

const engine = new Loader('h5_web_bg.wasm', initSync);

/** Loads the engine; once, however often it is called. */
export const load = engine.load;

/** Loads the engine from its bytes, at once. */
export const loadSync = engine.loadSync;
