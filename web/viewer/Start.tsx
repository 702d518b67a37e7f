import { useEffect, useState, type DragEvent } from 'react';
import { picker, recentFiles, reopened, type Handle, type Recent } from './recent.ts';

interface Props {
  onOpen(source: File | string, handle?: Handle): void;
  onError(error: unknown): void;
  error: string | null;
}

/** The handle of what was dropped, in browsers that give one. */
function dropped(item: DataTransferItem | undefined): Promise<Handle | null> {
  const get = (item as { getAsFileSystemHandle?: () => Promise<Handle | null> } | undefined)?.getAsFileSystemHandle;
  return get ? get.call(item).catch(() => null) : Promise.resolve(null);
}

/** The page before a file is open: drop one, pick one, or name an address. */
export function Start({ onOpen, onError, error }: Props) {
  const [address, setAddress] = useState('');
  const [over, setOver] = useState(false);
  const [recent, setRecent] = useState<Recent[]>([]);
  useEffect(() => void recentFiles().then(setRecent), []);

  const drop = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    const file = e.dataTransfer.files[0];
    if (file) {
      void dropped(e.dataTransfer.items[0]).then((handle) => onOpen(file, handle?.kind === 'file' ? handle : undefined));
    }
  };
  // Where the browser has a picker that gives handles, it comes before the plain one.
  const pick = async (e: { preventDefault(): void }) => {
    if (picker) {
      e.preventDefault();
      const [handle] = await picker().catch(() => []);
      if (handle) {
        onOpen(await handle.getFile(), handle);
      }
    }
  };

  return (
    <main
      className={over ? 'start over' : 'start'}
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <h1>HDF5 viewer</h1>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <p>Drop an HDF5 file here, or</p>
      <label className="button">
        choose a file
        <input
          type="file"
          onClick={(e) => void pick(e)}
          onChange={(e) => e.target.files?.[0] && onOpen(e.target.files[0])}
        />
      </label>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          onOpen(address);
        }}
      >
        <input type="url" required placeholder="https://…/data.h5" aria-label="Address" value={address} onChange={(e) => setAddress(e.target.value)} />
        <button type="submit">Open the address</button>
      </form>
      {recent.length > 0 && (
        <section>
          <h2>Opened before</h2>
          <ul>
            {recent.map((f) => (
              <li key={`${f.name} ${f.address}`}>
                <button
                  type="button"
                  className="link"
                  title={f.address ?? 'a file of this computer'}
                  onClick={() => reopened(f).then((source) => onOpen(source, f.handle), onError)}
                >
                  {f.name}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className="quiet">Nothing of your files leaves this page. Only the parts that are shown are read.</p>
    </main>
  );
}
