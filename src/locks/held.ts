import type { Grant } from './lock.ts'

/** What our own locks hand out: release and extend get the same object back, and it says which key. */
export interface Held extends Grant {
  key: string
  token: string
}
