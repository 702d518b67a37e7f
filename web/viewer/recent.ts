/** The files that were opened last: addresses, and the names of local ones, which only a browser with file handles opens again. */

export interface Recent {
  name: string;
  address?: string;
}

const KEY = 'h5-recent';
const MOST = 8;

export function recentFiles(): Recent[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Recent[];
  } catch {
    return [];
  }
}

export function remember(file: Recent): void {
  const others = recentFiles().filter((f) => f.name !== file.name || f.address !== file.address);
  try {
    localStorage.setItem(KEY, JSON.stringify([file, ...others].slice(0, MOST)));
  } catch {
    // A page without storage remembers nothing.
  }
}
