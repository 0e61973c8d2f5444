/**
 * Failures that are the user's or the environment's, not ours: they are printed as one sentence without a stack, and carry the exit
 * code of the design.
 */
export class UsageError extends Error {
  override name = 'UsageError'
  readonly exitCode = 2
}

/** A tool is missing, a node would not start. `hint` tells what to type. */
export class EnvironmentError extends Error {
  override name = 'EnvironmentError'
  readonly exitCode = 3
}
