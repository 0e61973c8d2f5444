import { option, send } from './shop.js'

/** Enter and leave: the workload `mutex`. What it is told by `-e`: shop.js, KEYS. */
const keys = option('KEYS', 1)

export default function enter() {
  send(({ number }) => ({ path: '/mutex', productId: 1 + Math.floor(number() * keys) }))
}
