// The viewer in Chromium, as a person uses it.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { root } from './support.mjs';

/** Where screenshots are kept. */
const SHOTS = process.env.SCREENSHOTS ?? fileURLToPath(new URL('target/screenshots/', root));
const PATIENCE = 15000;

/** What the page shows of a dataset, or an error: whichever comes first. */
const SHOWN = '[role=grid] [role=gridcell], [class*=visArea] canvas, [class*=visArea] pre, [role=alert], [class*=_error]';

/** Waits until the page shows something. */
export async function settled(page) {
  await page.waitForSelector(SHOWN, { timeout: PATIENCE });
}

/** Opens a file that is served, at an object. */
export async function visit(page, address) {
  await page.goto(address);
  await page.waitForSelector('[role=treeitem], [role=alert]', { timeout: PATIENCE });
}

/** Chooses a way to show the dataset, where there is one of this name. */
export async function choose(page, role, name) {
  const button = page.getByRole(role, { name, exact: true });
  if (await button.count()) {
    await button.first().click();
    return true;
  }
  return false;
}

/** The cells on screen: `{row, column, text}`, counted from 0. */
export function cells(page) {
  return page.$$eval('[role=gridcell]', (found) =>
    found.map((cell) => ({
      row: Number(cell.parentElement.getAttribute('aria-rowindex')) - 1,
      column: Number(cell.getAttribute('aria-colindex')) - 1,
      text: cell.textContent.trim(),
    })),
  );
}

/** Keeps a picture of the page. */
export async function shot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
