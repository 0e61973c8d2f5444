/**
 * The history: NDJSON, one event a line, one file per process, merged by time.
 *
 * `t` is nanoseconds of the host's monotonic clock since the drill's start. `process` is who saw it: `server-1/vu-3`,
 * `redis-1` (the harness' own connection to that node), `controller`. A result repeats its invoke's `op`, which is unique
 * in the drill; `work`, `extend` and `release` carry the `grant`: the `op` of the acquire that they belong to.
 *
 * `ok` = it happened; `fail` = it definitely did not; `info` = nobody knows (or, for what is no operation: it was seen).
 * Words after Jepsen's history.
 */
export type Outcome = 'invoke' | 'ok' | 'fail' | 'info'

interface Base {
  t: number
  process: string
  type: Outcome
  error?: string
}

/**
 * An operation on the lock, or the work under it.
 *
 * acquire: invoke {key, ttlMs, waitMs} → ok {token?, fence?, validForMs?} | fail {error: 'contended' | 'unavailable: …'} | info {error}.
 * extend:  invoke {grant, ttlMs} → ok {validForMs?} | fail (lost, refused) | info.
 * work:    invoke {grant} → ok (written) | fail (abandoned before the write, or the ledger refused) | info (the write may have happened).
 * release: invoke {grant} → ok | fail (it was no longer ours) | info.
 * lost:    info {grant}: the grant's `lost` signal fired.
 */
export interface OperationEvent extends Base {
  f: 'acquire' | 'extend' | 'work' | 'release' | 'lost'
  op: number
  key: string
  grant?: number
  token?: string
  fence?: string
  ttlMs?: number
  waitMs?: number
  validForMs?: number
  /** The call's deadline passed without an answer: `info`, and counted as `unsettled`. */
  unsettled?: true
  /** Nanoseconds by which this event's time may be too late (a stdio program that sends no `at`). */
  lagNs?: number
  /** Nanoseconds by which `validForMs` may have been reckoned before `t`: its server lost its core, or was busy, in between. */
  claimLagNs?: number
}

/** One customer's request from its intended start to its answer. One event each, at the end. */
export interface RequestEvent extends Base {
  f: 'request'
  op: number
  key: string
  requestId: string
  /** The acquire's op, where there was one. */
  acquire?: number
  /** When the executor meant it to start (`t` is when it was answered), ns. */
  intendedNs: number
  outcome: RequestOutcome
}

/** The door's answers: 201, 200, 409, 423, 503, 500, and work given up because the lock was lost (answered as 500). */
export const requestOutcomes = [
  'done',
  'repeated',
  'refused',
  'contended',
  'unavailable',
  'indeterminate',
  'abandoned',
] as const
export type RequestOutcome = (typeof requestOutcomes)[number]

/** invoke {plannedNs} → ok {stage: landed, proof, feltNs} | fail {error} (it did not land) → ok {stage: healed} | fail (heal failed). */
export interface FaultEvent extends Base {
  f: 'fault'
  op: number
  fault: string
  target: string
  stage: 'inject' | 'landed' | 'missed' | 'healed'
  plannedNs?: number
  /** From when it was felt, where the proof of it came well after that. */
  feltNs?: number
  proof?: string
}

/** Something happened to a node or a server: `type` is always `info`. */
export interface TopologyEvent extends Base {
  f: 'topology'
  /** `up`, `down` (died), `paused`, `resumed`, `switch-master` {from, to}, `dropped-iterations` … */
  event: string
  node: string
  from?: string
  to?: string
}

export interface PhaseEvent extends Base {
  f: 'phase'
  phase: 'start' | 'load' | 'ended-early' | 'settle' | 'end' | 'interrupted'
  /** `ended-early`: the threshold with `abortOnFail` that was crossed, for example `overlaps{blame:lock}: count==0`. */
  threshold?: string
}

/**
 * What became of a key on a node, by the harness' own connection (process = the node).
 *
 * Keyspace events (`set`, `del`, `expired`, `evicted`, `expire`, `hset`, …) stand in the order in which the node did them.
 * After a writing event the observer asks for the value and the time to live *on the same RESP3 connection*; the answer is the
 * event `sample`. It describes the key's state after the last event of that key before it in this process' order, because pushes and
 * replies share one ordered stream. With the key `''`: `watched` (the record begins), `gap` and `resync` (events between them may be missing), `late`
 * {lagNs} (what was read in the time of `lagNs` before may have happened up to so much earlier: the observer was behind). The event
 * `left` is no keyspace event: the key was there when the drill was over and its servers were gone.
 */
export interface KeyEvent extends Base {
  f: 'key'
  event: string
  /** The key's name on the node, which need not be the lock's name for it. */
  key: string
  value?: string
  /** PTTL: -1 no expiry, -2 gone. */
  pttlMs?: number
  /** Of `late`, ns. */
  lagNs?: number
  /** Of `left`: it matches the lock's `bookkeeping`, and lives on by design. */
  bookkeeping?: true
}

/**
 * At the end of the drill, when nobody holds anything: a server took one of the keys that it had used once more, waiting for as long as a
 * lease lasts. `ok`: it got it (and gave it back); `fail`: refused as contended; `info`: it failed otherwise. (process = the server)
 */
export interface AuditEvent extends Base {
  f: 'audit'
  key: string
  waitedMs: number
}

/**
 * A message about the lock as a piece of software: of the program behind `stdio:` a violation of the protocol, an exit unasked, its log; of
 * a module an answer that breaks the contract (`contract`).
 */
export interface AdapterEvent extends Base {
  f: 'adapter'
  event: 'violation' | 'exit' | 'contract' | 'log' | 'lag'
}

/** Counters that a process knows and that no single event tells; written once at its end. */
export interface CountEvent extends Base {
  f: 'count'
  counts: Record<string, number>
  /** What the lock under test counted, under its own names. */
  lock?: Record<string, number>
}

/**
 * What a node said of itself (INFO), a few times a second, over the harness' own connection (process = the node; `type` is always `info`). One that is dead,
 * paused or busy leaves a gap.
 */
export interface NodeEvent extends Base {
  f: 'node'
  usedBytes: number
  /** `maxmemory`; 0 is no limit. */
  maxBytes: number
  /** Connections, the harness' own among them. */
  clients: number
  /** Carried out since its process began, those of scripts and of the harness among them. */
  commands: number
  /** Sent by the harness so far. */
  harnessCommands: number
  /** Commands answered with an error since its process began. */
  errorReplies: number
}

export type Event =
  | OperationEvent
  | RequestEvent
  | FaultEvent
  | TopologyEvent
  | PhaseEvent
  | KeyEvent
  | AuditEvent
  | AdapterEvent
  | CountEvent
  | NodeEvent
