import '@h5web/app/styles.css';
import './style.css';
import { enableBigIntSerialization } from '@h5web/app';
import { useCallback, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { open, type H5File } from '../ts/index.ts';
import { remember, type Handle } from './recent.ts';
import { Start } from './Start.tsx';
import { Viewer } from './Viewer.tsx';

enableBigIntSerialization();

const asked = new URLSearchParams(location.search);

function Page() {
  const [file, setFile] = useState<H5File | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [progress, setProgress] = useState<string | null>(null);
  const stop = useRef<AbortController | null>(null);

  const fail = useCallback((e: unknown) => setError(e instanceof Error ? e.message : String(e)), []);

  const start = useCallback(async (source: File | string, handle?: Handle) => {
    stop.current?.abort();
    const abort = new AbortController();
    stop.current = abort;
    setError(null);
    setProgress('Opening…');
    try {
      const from = typeof source === 'string' ? new URL(source, location.href) : source;
      const opened = await open(from, {
        worker: new URL('worker.js', document.baseURI),
        signal: abort.signal,
        onProgress: ({ loaded, total, whole }) =>
          whole && setProgress(`${Math.round(loaded / 1e6)}${total ? ` of ${Math.round(total / 1e6)}` : ''} MB: the server gives no parts of files`),
      });
      void remember({ name: opened.name, ...(from instanceof URL ? { address: from.href } : handle ? { handle } : {}) });
      setFile(opened);
    } catch (e) {
      if (!abort.signal.aborted) {
        fail(e);
      }
    } finally {
      setProgress(null);
    }
  }, [fail]);

  const close = useCallback(() => {
    file?.close();
    setFile(null);
  }, [file]);

  useEffect(() => {
    const url = asked.get('url');
    if (url) {
      void start(url);
    }
  }, [start]);

  if (file) {
    return <Viewer file={file} path={asked.get('path') ?? '/'} onClose={close} />;
  }
  if (progress) {
    return (
      <main className="start" aria-live="polite">
        <p>{progress}</p>
        <button type="button" onClick={() => stop.current?.abort()}>
          Cancel
        </button>
      </main>
    );
  }
  return <Start onOpen={start} onError={fail} error={error} />;
}

createRoot(document.getElementById('root')!).render(<Page />);
