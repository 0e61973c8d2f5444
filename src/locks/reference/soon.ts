/** Long enough for most calls on a Redis nearby to be over, and short enough for nobody to miss it. */
const restMs = 3

/** What has things to look at. */
let due: (() => void)[] = []

function lookAtAll(): void {
  const all = due
  due = []
  for (const look of all) look()
}

/**
 * Looks at things a few milliseconds after they came, all together. So what short calls would have to set up and to take down again (timers,
 * listeners) is only done for those that last; whether one does is for `look` to see.
 */
export function soon<Thing>(look: (thing: Thing) => void): (thing: Thing) => void {
  let things: Thing[] = []

  function lookAtThings(): void {
    const all = things
    things = []
    for (const thing of all) look(thing)
  }

  return (thing) => {
    if (things.push(thing) > 1) return
    // Not even the timer keeps whoever is to be told something from being told.
    if (due.push(lookAtThings) === 1) process.nextTick(setTimeout, lookAtAll, restMs)
  }
}
