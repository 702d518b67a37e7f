import { Component, type ReactNode } from 'react';

interface Props {
  children: ReactNode;
  onClose(): void;
}

/** Keeps the page alive when something on it fails, and says what. */
export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) {
      return this.props.children;
    }
    return (
      <div className="error" role="alert">
        <p>{error instanceof Error ? error.message : String(error)}</p>
        <button type="button" onClick={() => this.setState({ error: null })}>
          Go on
        </button>{' '}
        <button type="button" onClick={this.props.onClose}>
          Close the file
        </button>
      </div>
    );
  }
}
