/** What kind of error it is, in the core's words. */
export type ErrorKind = 'Io' | 'Damaged' | 'Unsupported' | 'Usage' | 'NotFound' | 'Limit';

/** An error that says object path, structure, address, clause, what was found and what was expected. */
export class H5Error extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'H5Error';
    this.kind = kind;
  }
}

/** What the core throws. */
interface Thrown {
  kind: ErrorKind | 'Missing';
  message: string;
  missing?: number[];
}

function isThrown(e: unknown): e is Thrown {
  return e instanceof Error && 'kind' in e && !(e instanceof H5Error);
}

/** The bytes that a call missed, as pairs of start and end; nothing for other errors. */
export function missing(e: unknown): number[] | undefined {
  return isThrown(e) ? e.missing : undefined;
}

/** The error for the user. A trap of the engine is one of ours: it is told as such. */
export function told(e: unknown): unknown {
  if (isThrown(e) && e.kind !== 'Missing') {
    return new H5Error(e.kind, e.message.replace(/^\w+: /, ''));
  }
  if (e instanceof WebAssembly.RuntimeError || e instanceof RangeError) {
    return new H5Error('Limit', `the file needs more memory than there is, or the engine failed: ${e.message}`, { cause: e });
  }
  return e;
}

/** Runs a call of the core. */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (e) {
    throw told(e);
  }
}
