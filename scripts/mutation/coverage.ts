/** Which case reaches which block of the code: a call of `reach(BLOCK)` at the beginning of every block. */
import { parseAst } from 'rolldown/parseAst';

// biome-ignore lint/suspicious/noExplicitAny: an ESTree node; what is read of it is checked by its type
type Node = any;

export interface Block {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Adds the file's blocks to `blocks`, and calls that tell of them to its source. */
export function tellBlocks(file: string, source: string, blocks: Block[]): string {
  const inserts: { at: number; text: string; order: number }[] = [];
  const visit = (node: Node): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const inner of node) visit(inner);
      return;
    }
    const { type, start, end } = node;
    if (typeof type === 'string') {
      if (type === 'BlockStatement') {
        inserts.push({ at: start + 1, text: `globalThis.reach?.(${blocks.length});`, order: inserts.length });
        blocks.push({ file, start, end });
      }
      if (type === 'ArrowFunctionExpression' && node.body.type !== 'BlockStatement') {
        const body = node.body;
        inserts.push({ at: body.start, text: `(globalThis.reach?.(${blocks.length}), `, order: inserts.length });
        inserts.push({ at: body.end, text: ')', order: -inserts.length });
        blocks.push({ file, start: body.start, end: body.end });
      }
    }
    for (const inner of Object.values(node)) visit(inner);
  };
  visit(parseAst(source, { lang: 'ts' }));
  inserts.sort((a, b) => a.at - b.at || a.order - b.order);
  let told = '';
  let from = 0;
  for (const { at, text } of inserts) {
    told += source.slice(from, at) + text;
    from = at;
  }
  return told + source.slice(from);
}

/** The innermost block around a place; null where it stands in none. */
export function blockAt(blocks: readonly Block[], file: string, at: number): number | null {
  let best: number | null = null;
  for (const [index, block] of blocks.entries()) {
    if (block.file !== file || at < block.start || at >= block.end) continue;
    if (best === null || block.end - block.start < blocks[best].end - blocks[best].start) best = index;
  }
  return best;
}
