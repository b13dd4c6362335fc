import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { loadBmcCommands } from '../src/bmc/index.ts';
import { pageFile, renderPage } from './bmc-commands.ts';

it('the page of commands is the table', async () => {
  const page = await readFile(pageFile, 'utf8');
  // Compared line by line, so that a failure shows what is new: then run `node tools/bmc-commands.ts --write`.
  expect(page.split('\n')).toEqual((await renderPage(await loadBmcCommands())).split('\n'));
});
