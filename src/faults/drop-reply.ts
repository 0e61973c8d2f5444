import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Link } from '../links/links.ts'
import { again } from './again.ts'
import type { Fault, Stage } from './fault.ts'

const parameters = z.strictObject({
  /** How often it happens while the fault is on. */
  everyMs: z.number().min(20).max(60_000).default(250),
  /** For how long each time: every connection that gets a reply in it is closed instead. */
  holdMs: z.number().min(1).max(10_000).default(40),
})

const dialMs = 5_000
const closedMs = 5_000

export const dropReply = {
  name: 'drop-reply',
  title: 'A request passes, its reply does not, and the connection closes',
  docs: `Toxiproxy's limit_data toxic with no bytes on the way of the replies, for a moment, again and again, so that clients come back between: whoever
waits for a reply in such a moment loses it with his connection, and what he asked for has been done. A lock that asks again is refused by its own key
(redlock PR#369); one that takes the failure for a no leaves a key behind; one that sends a release again may meet the next holder. Landed when a SCRIPT LOAD through each link lost
its connection instead of a reply, and the node has the script.`,
  group: 'links',
  color: '#d4783c',
  parameters,
  defaultTarget: 'servers→primary',
  async inject(target, { everyMs, holdMs }, stage) {
    const proofs = await Promise.all(target.links.map((link) => lose(link, stage)))
    const landed = proofs.length > 0 && proofs.every(({ lost }) => lost)
    const dropping = landed ? again(everyMs, stage, () => drop(target.links, holdMs, stage)) : undefined
    return {
      landed,
      proof: proofs.map(({ text }) => text).join(', '),
      async heal() {
        await dropping?.stop()
      },
    }
  },
} satisfies Fault<typeof parameters>

const eatReplies = (link: Link) => link.addToxic({ type: 'limit_data', stream: 'downstream', attributes: { bytes: 0 } })

async function drop(links: Link[], holdMs: number, { signal }: Stage): Promise<void> {
  await using toxics = new AsyncDisposableStack()
  for (const toxic of await Promise.all(links.map(eatReplies))) toxics.use(toxic)
  await sleep(holdMs, undefined, { signal }).catch(() => {})
}

/** The first time, with a request of our own, which leaves no key behind. */
async function lose(link: Link, { cluster }: Stage): Promise<{ lost: boolean; text: string }> {
  const script = `return '${randomUUID()}'`
  const sha = createHash('sha1').update(script).digest('hex')
  try {
    using connection = await link.dial(dialMs)
    await using _eating = await eatReplies(link)
    const answer = await connection.ask(['SCRIPT', 'LOAD', script], closedMs)
    if (answer.ok) return { lost: false, text: `${link.name} still answers` }
    if (connection.open) return { lost: false, text: `${link.name} neither answers nor closes (${answer.error})` }
    const [known] = (await cluster.admin(link.to).script('EXISTS', sha)) as number[]
    if (known !== 1) return { lost: false, text: `${link.name} closed, and ${link.to} did not get the request` }
    return {
      lost: true,
      text: `${link.to} did what it was asked through ${link.name}, and the connection closed without a reply`,
    }
  } catch (error) {
    return { lost: false, text: `${link.name} cannot be dialled: ${(error as Error).message}` }
  }
}
