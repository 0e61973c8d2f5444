/** An order server: a process of its own, told what to do over Node's IPC channel (messages.ts). */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Before anything else is loaded: the second start then needs no compiling. Where the folder cannot be written, nothing happens.
enableCompileCache(fileURLToPath(new URL('../../.cache/compiled', import.meta.url)))

const { serve } = await import('./serve.ts')
serve()
