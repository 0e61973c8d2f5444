import pg from 'pg'
import { answers } from '../../src/ledger/answers.ts'
import { until } from './until.ts'

/**
 * Kills one backend: Postgres then ends all others, forgets its memory and recovers from its log, as after a crash of the server. Resolves when it takes
 * connections again.
 */
export async function crashPostgres(url: string): Promise<void> {
  const [victim, witness] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })]
  const ended = [victim, witness].map((client) => new Promise<void>((resolve) => client.once('error', () => resolve())))
  await Promise.all([victim.connect(), witness.connect()])
  const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  process.kill(rows[0]!.pid, 'SIGKILL')
  // The victim's own end says nothing of the others: they live on until Postgres has noticed.
  await Promise.all(ended)
  await Promise.all([victim, witness].map((client) => client.end().catch(() => {})))
  await until(() => answers(url))
}
