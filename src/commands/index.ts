import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/**
 * The registry of commands. Each is loaded only when it is asked for, so that `picklock list` does not pay for Postgres; the top-level
 * help needs the titles only.
 */
export const commands = {
  run: {
    title: 'Run drills: topologies, a lock, load, faults, a verdict',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  gate: {
    title: 'Whether a lock may pass: the drills of picklock.yaml, and its latency beside a baseline',
    load: async () => (await import('./gate.ts')).gateCommand(),
  },
  init: {
    title: 'Write picklock.yaml for this project',
    load: async () => (await import('./init.ts')).initCommand(),
  },
  selftest: {
    title: 'Whether Picklock sees: locks that are known to be broken, and locks that are right',
    load: async () => (await import('./selftest.ts')).selftestCommand(),
  },
  check: {
    title: 'Judge a drill again from its report’s folder, or a history that another tool wrote',
    load: async () => (await import('./check.ts')).checkCommand(),
  },
  report: {
    title: 'Write a report again from its folder, in any format',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  compare: {
    title: 'Two reports: what got better, what got worse, what is noise',
    load: async () => (await import('./compare.ts')).compareCommand(),
  },
  analyze: {
    title: 'What a capture of MONITOR tells of the locks in it',
    load: async () => (await import('./analyze.ts')).analyzeCommand(),
  },
  incident: {
    title: 'From an incident to the drill that replays it, and to a post-mortem with its figures',
    load: async () => (await import('./incident.ts')).incidentCommand(),
  },
  advise: {
    title: 'Sentinel or Redlock; a lock, the database or Lua: a table measured on the spot',
    load: async () => (await import('./advise.ts')).adviseCommand(),
  },
  list: {
    title: 'What there is: scenarios, locks, faults, topologies, workloads, checkers',
    load: async () => (await import('./list.ts')).listCommand(),
  },
  explain: {
    title: 'What a word of a report means: a metric, a fault, a scenario, a lock, an exit code',
    load: async () => (await import('./explain.ts')).explainCommand(),
  },
  audit: {
    title: 'What is wrong with the locks of a live Redis, which is only read',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
  watch: {
    title: 'The locks of a live Redis as they come and go: what leaks, and when memory is full',
    load: async () => (await import('./watch.ts')).watchCommand(),
  },
  up: {
    title: 'Start a topology, print its endpoints, keep it until Ctrl-C',
    load: async () => (await import('./up.ts')).upCommand(),
  },
  doctor: {
    title: 'What is installed, and what is missing for what',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  setup: {
    title: 'Fetch what is missing',
    load: async () => (await import('./setup.ts')).setupCommand(),
  },
} satisfies Record<string, { title: string; load: () => Promise<CommandUnknownOpts> }>
