/** What the process' exit code says. `picklock explain`, the help and the reference page are made from this list. */
export const exitCodes: readonly { code: number; title: string; docs: string }[] = [
  {
    code: 0,
    title: 'valid',
    docs: 'The evidence suffices and no threshold was crossed. It says that these drills found nothing, not that there is nothing.',
  },
  {
    code: 1,
    title: 'invalid',
    docs: 'A safety threshold was crossed: two callers held one key at once, something was sold twice, and the like. One violation is a violation; the report shows the first. Of `compare`: what is compared is less safe than before. Of `audit`: a finding of high severity; of `watch`: a lock expired, was evicted, or has no TTL.',
  },
  {
    code: 2,
    title: 'usage or scenario error',
    docs: 'A mistake in the command line or in a scenario file. The message names the flag, or file:line:column, and the nearest right name. Nothing was started.',
  },
  {
    code: 3,
    title: 'the environment',
    docs: 'A tool is missing, a node would not start, the report could not be written. `picklock doctor` tells what is there. Of `audit` and `watch`: the Redis could not be reached, or something could not be read; what was read is told. Of `analyze`: the capture broke off, likewise.',
  },
  {
    code: 4,
    title: 'unknown',
    docs: 'The evidence does not suffice: a fault did not land, too few locks were granted, the history is damaged, the control was not caught. The report has a sentence for each reason. It is no pass.',
  },
  {
    code: 70,
    title: 'a defect of Picklock',
    docs: 'Something failed that should not have, and is not your fault. The lines above it tell where.',
  },
  {
    code: 99,
    title: 'valid, but slower or worse served than was asked',
    docs: "The lock held, and a latency or service threshold was crossed. (k6's code for crossed thresholds.) Of `audit`: findings of medium severity only; of `watch`: the alarm's level, or the limit of a lock's time.",
  },
  { code: 130, title: 'ended by Ctrl-C', docs: 'What was seen until then is in the reports, as unknown.' },
]
