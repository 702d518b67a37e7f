import { useEffect, useState } from 'react';
import type { H5File } from '../ts/index.ts';
import type { NodeInfo } from '../ts/types.ts';

/** What PyMoDAQ and PyTables tell of the object on view: class, title, attributes as Python shows them. */
export function NodePanel({ file, path }: { file: H5File; path: string }) {
  const [node, setNode] = useState<NodeInfo | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    setNode(null);
    file.node(path, { signal: stop.signal }).then(setNode, () => setNode(null));
    return () => stop.abort();
  }, [file, path]);
  if (!node) {
    return null;
  }
  return (
    <aside className="node" aria-label="Node">
      <h2>
        {node.title || path} <small>{node.class}</small>
      </h2>
      <dl>
        {node.attributes.map(({ name, text }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
