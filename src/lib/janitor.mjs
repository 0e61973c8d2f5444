/**
 * The janitor: `node janitor.mjs <drill id> <folder>`, started by children.ts, leaves nothing of a drill behind however the drill
 * ended. Its stdin is a pipe from the controller; the kernel closes it whatever the controller dies of, `kill -9` too.
 *
 * Lines on stdin: `+<pid> <start time>` a child (leader of its own process group), `-<pid>` it and its group are gone; `!<name> <program> <input>` a program
 * that cleans up what no signal reaches (containers, a stack of others), with its input as JSON, `~<name>` it is not needed any more.
 * At the end of stdin it kills with SIGKILL whatever is left: the groups of the registered children, whatever carries
 * `PICKLOCK_DRILL=<id>` in its environment (a child that was not registered any more, a grandchild in another group), and all their
 * descendants (Postgres' workers, which are in groups of their own and overwrite their environment). Then it runs the programs, each in a session of its own and
 * waited for until its stdout ends, and removes the folder.
 * Where there is no /proc, the groups are all that it knows.
 *
 * Plain JavaScript with nothing to load, because it starts beside every drill.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'

const [id, folder] = process.argv.slice(2)
const deadlineMs = 1900
const roundMs = 15
/** A program that cleans up goes on alone after this. */
const programMs = 30_000
const hasProc = existsSync('/proc/self/stat')

/** pid → start time in clock ticks, which together name a process for good: a pid may be used again. */
const registered = new Map()
/** name → [file, input] */
const programs = new Map()

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']) process.on(signal, () => {})

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\n')
  rest = lines.pop()
  for (const line of lines) take(line[0], line.slice(1))
})
process.stdin.once('close', clean)
process.stdin.on('error', () => {})

function take(kind, line) {
  const [first, second, ...rest] = line.split(' ')
  if (kind === '+') registered.set(Number(first), second)
  else if (kind === '-') registered.delete(Number(first))
  else if (kind === '!') programs.set(first, [decodeURIComponent(second), rest.join(' ')])
  else programs.delete(first)
}

async function clean() {
  const end = Date.now() + deadlineMs
  // Twice nothing: a child that was being forked when the controller died carries the name only once it has run `exec`.
  for (let quiet = 0; quiet < 2 && Date.now() < end;) {
    const left = hasProc ? remaining() : [...registered.keys()].map((pid) => -pid)
    const killed = left.filter(kill)
    quiet = killed.length === 0 ? quiet + 1 : 0
    if (quiet < 2) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, roundMs)
  }
  await Promise.all([...programs.values()].map(runProgram))
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.exit(0)
}

function runProgram([file, input]) {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    cwd: '/',
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => {
    child.on('error', resolve)
    child.stdout.on('close', resolve).resume()
    setTimeout(resolve, programMs)
  })
}

function kill(pid) {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** The pids that belong to the drill and are alive. Whatever started before the janitor is none of them. */
function remaining() {
  const table = new Map()
  for (const name of readdirSync('/proc')) {
    if (name.charCodeAt(0) > 57) continue
    const status = statusOf(name)
    if (status) table.set(Number(name), status)
  }
  const own = table.get(process.pid)
  const marker = `PICKLOCK_DRILL=${id}`
  const found = new Set()
  for (const [pid, { state, group, started }] of table) {
    if (pid === process.pid || Number(started) < Number(own.started)) continue
    const leader = registered.get(group)
    // The number of a group is not given to a new process while the group has members.
    const inGroup = leader !== undefined && (table.get(group)?.started ?? leader) === leader
    if (inGroup || (state !== 'Z' && read(`/proc/${pid}/environ`).split('\0').includes(marker))) found.add(pid)
  }
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const [pid, { parent }] of table) if (found.has(parent) && pid !== process.pid) found.add(pid)
  }
  return [...found].filter((pid) => table.get(pid).state !== 'Z')
}

function statusOf(pid) {
  const text = read(`/proc/${pid}/stat`)
  if (!text) return undefined
  // The second field is a name in parentheses, which may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], parent: Number(fields[1]), group: Number(fields[2]), started: fields[19] }
}

function read(file) {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
