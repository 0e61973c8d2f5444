import { option, send } from './shop.js'

/** Users in turn want a coupon: the workload `coupon`. What it is told by `-e`: shop.js, COUPONS, USERS. */
const coupons = option('COUPONS', 1)
const users = option('USERS', 1000)

export default function issue() {
  send(({ number, iteration }) => ({
    path: `/coupons/${1 + Math.floor(number() * coupons)}/issue`,
    userId: 1 + (iteration % users),
  }))
}
