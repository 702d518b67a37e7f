import { App, DataProvider, useDataContext } from '@h5web/app';
import { useEffect, useMemo, useState } from 'react';
import type { H5File } from '../ts/index.ts';
import { Boundary } from './Boundary.tsx';
import { NodePanel } from './NodePanel.tsx';
import { H5Provider } from './provider.ts';
import type { Nodes } from './pymodaq.ts';

interface Props {
  file: H5File;
  path: string;
  onClose(): void;
}

/** The object that H5Web shows: the one that its tree marks as selected. */
function useSelected(first: string): string {
  const [path, setPath] = useState(first);
  useEffect(() => {
    const look = () => {
      const marked = document.querySelector('[role=treeitem][aria-selected=true]');
      setPath(marked?.getAttribute('data-path') ?? first);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-selected'] });
    look();
    return () => observer.disconnect();
  }, [first]);
  return path;
}

function Panels({ nodes, path }: { nodes: Nodes; path: string }) {
  useDataContext();
  const selected = useSelected(path);
  return <NodePanel nodes={nodes} path={selected} />;
}

/** An open file. */
export function Viewer({ file, path, onClose }: Props) {
  const api = useMemo(() => new H5Provider(file), [file]);
  return (
    <div className="viewer">
      <header>
        <strong>{file.name}</strong> <span className="quiet">{file.size.toLocaleString()} bytes</span>
        {file.notice && <span className="notice">{file.notice}</span>}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </header>
      <Boundary onClose={onClose}>
        <DataProvider api={api}>
          <App initialPath={path} />
          <Panels nodes={api.nodes} path={path} />
        </DataProvider>
      </Boundary>
    </div>
  );
}
