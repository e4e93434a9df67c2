#!/usr/bin/env node
// Plain JavaScript, so that an old Node gets as far as this line.
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `tradernet needs Node.js 24 or later; this is ${process.version}. In the repository: npm run tradernet -- ...`,
  );
  process.exit(2);
}
const { existsSync } = await import('node:fs');
// Built in the published package, as it was written in the repository.
const built = new URL('../src/cli/main.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/cli/main.ts', import.meta.url).href);
