import { option, send } from './shop.js'

/** Orders of the workload `oversell`. What it is told by `-e`: shop.js, PRODUCTS, QUANTITY. */
const products = option('PRODUCTS', 10)
const quantity = option('QUANTITY', 1)

export default function order() {
  send(({ number }) => ({ path: '/orders', productId: 1 + Math.floor(number() * products), quantity }))
}
