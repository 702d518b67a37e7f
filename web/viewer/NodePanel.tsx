import { useEffect, useState } from 'react';
import type { NodeInfo } from '../ts/types.ts';
import { parent, type Axis, type Nodes } from './pymodaq.ts';

interface Shown {
  node: NodeInfo;
  axes: Axis[];
  /** Whether the group is plotted by attributes that are not in the file. */
  plotted: boolean;
}

/** What PyMoDAQ and PyTables tell of the object on view: class, title, axes, attributes as Python shows them. */
export function NodePanel({ nodes, path }: { nodes: Nodes; path: string }) {
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    let current = true;
    const look = async (): Promise<Shown | null> => {
      const node = await nodes.get(path);
      return node && { node, axes: await nodes.axesOf(path), plotted: await nodes.isPlotted(path) };
    };
    setShown(null);
    look().then(
      (found) => current && setShown(found),
      () => current && setShown(null),
    );
    return () => {
      current = false;
    };
  }, [nodes, path]);
  if (!shown) {
    return null;
  }
  const { node, axes, plotted } = shown;
  return (
    <aside className="node" aria-label="Node">
      <h2>
        {node.title || path} <small>{node.class}</small>
      </h2>
      {plotted && <p className="quiet">Plotted as NXdata: NX_class, signal, axes and long_name are not in the file.</p>}
      {axes.length > 0 && (
        <table aria-label="Axes">
          <tbody>
            {axes.map(({ index, path: at, label, units, points }) => (
              <tr key={at}>
                <th scope="row">axis {index}</th>
                <td>{label}</td>
                <td>{units}</td>
                <td>{points} points</td>
                <td className="quiet">{parent(at) === parent(path) ? at.slice(at.lastIndexOf('/') + 1) : at}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
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
