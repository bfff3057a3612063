import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Every address that the build writes is relative to the file that names it, so that the house may stand below any
// path; the mount (src/esteio/console) writes that path and a nonce of its own into each page that it sends.
export default defineConfig({
  base: './',
  html: { cspNonce: '__NONCE__' },
  plugins: [react()],
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  server: {
    proxy: { '/api': 'http://127.0.0.1:8000', '/auth': 'http://127.0.0.1:8000', '/ws': 'ws://127.0.0.1:8000' },
  },
  build: {
    outDir: '../src/esteio/console/dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: { input: ['console.html', 'petstory.html', 'outages.html'] },
  },
})
