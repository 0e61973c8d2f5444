/** An order server: a process of its own, told what to do over Node's IPC channel (messages.ts). */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from '../../scripts/home.mjs'

// Before anything else is loaded: the second start then needs no compiling. Where the folder cannot be written, nothing happens.
enableCompileCache(join(cacheFolder(), 'compiled'))

const { serve } = await import('./serve.ts')
serve()
