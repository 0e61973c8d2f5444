import type { Connection } from '../live/connection.ts'
import { mayBeRefused } from '../live/failure.ts'
import { connectTo, type LiveNode } from '../live/open.ts'
import { textOf } from '../live/resp.ts'
import { turnOnNotifications, type Notifications } from './notifications.ts'
import { tellsLocks } from './notify-flags.ts'
import type { Look, Watching } from './watch.ts'

export interface Way extends AsyncDisposable {
  how: Look['how']
  /** Rejects when the connection that listens is gone. */
  lost: Promise<never>
}

/** The keepers of the nodes whose notifications were turned on: they stay when a connection is lost, because the setting stays too. */
export class Keepers implements AsyncDisposable {
  readonly #note: (text: string) => void
  readonly #byNode = new Map<string, Notifications>()

  constructor(note: (text: string) => void) {
    this.#note = note
  }

  /** Also again: a Redis that was restarted has forgotten the setting. */
  async turnOn(node: LiveNode): Promise<Notifications> {
    await this.#byNode.get(node.name)?.[Symbol.asyncDispose]()
    this.#byNode.delete(node.name)
    const on = await turnOnNotifications(node, this.#note)
    this.#byNode.set(node.name, on)
    return on
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#byNode.values()].map((each) => each[Symbol.asyncDispose]()))
  }
}

const unseen = 'a lock that comes and goes between two looks is not seen'

/** Notifications where they are on, or may be turned on; else looking again and again. */
export async function chooseWay(
  node: LiveNode,
  reading: Connection,
  { enableNotifications, keepers, note }: Watching,
  onEvent: (event: string, key: string) => void,
): Promise<Way> {
  const sampling: Way = { how: 'sampling', lost: new Promise(() => {}), [Symbol.asyncDispose]: async () => {} }
  const told = await reading.ask('CONFIG', 'GET', 'notify-keyspace-events').catch(mayBeRefused)
  const flags = Array.isArray(told) ? textOf(told[1]) : undefined
  if (flags === undefined || !tellsLocks(flags)) {
    if (!enableNotifications) {
      note(
        `${flags === undefined ? 'this user may not ask for notify-keyspace-events' : `keyspace notifications are off (notify-keyspace-events is "${flags}")`}: all keys are looked at again and again, and ${unseen}; --enable-notifications turns them on for as long as it watches`,
      )
      return sampling
    }
    const on = await keepers.turnOn(node)
    note(
      `notify-keyspace-events is "${on.now}" while it watches; it was "${on.before}", and is put back at the end, also after kill -9. Should this machine die: CONFIG SET notify-keyspace-events "${on.before}"`,
    )
  }
  await using stack = new AsyncDisposableStack()
  try {
    const listening = stack.use(await connectTo(node))
    const channel = `__keyevent@${node.target.database}__:`
    await listening.subscribe(`${channel}*`, (from, key) => onEvent(from.slice(channel.length), key))
    const lost = listening.ended.then((failure) => Promise.reject<never>(failure))
    lost.catch(() => {})
    const kept = stack.move()
    return { how: 'notifications', lost, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  } catch (error) {
    mayBeRefused(error)
    note(`${(error as Error).message}: all keys are looked at again and again, and ${unseen}`)
    return sampling
  }
}
