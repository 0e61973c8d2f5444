import pg from 'pg'

/** Kills one backend: Postgres then ends all others, forgets its memory and recovers from its log, as after a crash of the server. */
export async function crashPostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  const gone = new Promise<void>((resolve) => client.once('error', () => resolve()))
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  process.kill(rows[0]!.pid, 'SIGKILL')
  await gone
  await client.end().catch(() => {})
}
