import { option, send } from './shop.js'

/** Users pay with points: the workload `points`. What it is told by `-e`: shop.js, ACCOUNTS, AMOUNT_MIN, AMOUNT_MAX. */
const accounts = option('ACCOUNTS', 20)
const min = option('AMOUNT_MIN', 10)
const max = option('AMOUNT_MAX', 90)

export default function deduct() {
  send(({ number }) => ({
    path: '/points/deduct',
    userId: 1 + Math.floor(number() * accounts),
    amount: min + Math.floor(number() * (max - min + 1)),
  }))
}
