import type { InEach } from './words/lang.ts'

/**
 * What a shop's lock does where Redis cannot say, and the lock of Picklock's that stands for it where nobody gives the lock itself. Those of `broken/` are
 * what shops really wrote.
 */
export interface Fallback {
  title: InEach
  lock: string
  options?: Readonly<Record<string, unknown>>
}

export const fallbacks = {
  none: {
    title: { en: 'none: the order fails', ko: '없음: 주문이 바로 실패' },
    lock: 'set-nx',
  },
  'local-lock': {
    title: { en: 'a lock in the memory of each server', ko: '서버별 메모리 로컬 락으로 대체' },
    lock: 'local-on-error',
  },
  proceed: {
    title: { en: 'none, and the order goes on without a lock', ko: '락 없이 그대로 처리 진행' },
    lock: 'null-object',
  },
  queue: {
    title: { en: 'wait and try again', ko: '대기열에서 지연 재시도' },
    lock: 'reference',
    options: { fallback: 'queue' },
  },
} satisfies Record<string, Fallback>

export type FallbackName = keyof typeof fallbacks
