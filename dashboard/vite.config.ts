import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [
    svelte({
      configFile: false,
      // A component under {#key} is made anew with its data.
      onwarn: (warning, tell) => {
        if (warning.code !== 'state_referenced_locally') tell?.(warning);
      },
    }),
  ],
  // The rooms that run in the page hash with Node's crypto.
  resolve: { alias: { 'node:crypto': here('lib/crypto.ts') } },
  worker: { format: 'es' },
  build: {
    outDir: here('build'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
    rolldownOptions: { external: [/^node:(?!crypto)/] },
  },
});
