import { useState, type DragEvent } from 'react';
import { recentFiles } from './recent.ts';

interface Props {
  onOpen(source: File | string): void;
  error: string | null;
}

/** The page before a file is open: drop one, pick one, or name an address. */
export function Start({ onOpen, error }: Props) {
  const [address, setAddress] = useState('');
  const [over, setOver] = useState(false);
  const dropped = (e: DragEvent) => {
    e.preventDefault();
    setOver(false);
    const file = e.dataTransfer.files[0];
    if (file) {
      onOpen(file);
    }
  };
  const recent = recentFiles().filter((f) => f.address);
  return (
    <main
      className={over ? 'start over' : 'start'}
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
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
        <input type="file" onChange={(e) => e.target.files?.[0] && onOpen(e.target.files[0])} />
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
              <li key={f.address}>
                <button type="button" className="link" onClick={() => onOpen(f.address!)}>
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
