import { elsewhere } from './elsewhere.ts'
import { memoryLeases } from './memory-leases.ts'

/**
 * The incident's `orElseLocalLock()`: where Redis cannot say, a mutex in this process' memory. It protects one server from itself, also
 * while Redis comes and goes. **Unsafe beyond one server**: every server that falls back lets one in. It is here to be compared with, and
 * for work that lives on one server.
 */
export const openLocalLock = () => elsewhere('localLock', memoryLeases(), { decisive: false })
