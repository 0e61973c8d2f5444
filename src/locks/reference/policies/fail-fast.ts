import type { FallbackPolicy } from '../policy.ts'

/** No fallback: the caller gets Redis' error as it is, definite or not, once its `waitMs` of tries is over. */
export const openFailFast = (): FallbackPolicy => ({
  name: 'failFast',
  patienceMs: Infinity,
  acquire: ({ failure }) => Promise.reject(failure),
})
