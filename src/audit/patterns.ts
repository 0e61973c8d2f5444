import { segmentsOf } from './pattern.ts'
import { emptyTally, merge, type Tally } from './tally.ts'

interface Branch {
  branches: Map<string, Branch>
  /** A pass each; of a key that ends here. */
  tallies: Tally[] | undefined
  /** Its branches became one. */
  merged: boolean
}

/** More names than this in one place are one name that varies. */
const branchesMax = 64
/** Of all; when there are more, fewer are allowed in one place. */
const patternsMax = 4000

/**
 * The keys of a node by pattern, in memory that does not grow with their number: a tree of their segments, in which the branches of a place become one
 * `*` when they are too many. What was counted before is added up.
 */
export class Patterns {
  readonly #root = emptyBranch()
  #branchesMax = branchesMax
  #patterns = 0
  #pass = 0

  /** From here on what is counted belongs to another pass. */
  nextPass(): void {
    this.#pass++
  }

  /** The tally of the key's pattern, in this pass. */
  tallyOf(key: string): Tally {
    // Before and not after: merging makes new tallies of old ones.
    if (this.#patterns > patternsMax) this.#narrow()
    let branch = this.#root
    for (const segment of segmentsOf(key)) branch = this.#step(branch, segment)
    if (branch.tallies === undefined) {
      branch.tallies = []
      this.#patterns++
    }
    return (branch.tallies[this.#pass] ??= emptyTally())
  }

  /** All patterns and what was counted in each pass, the largest first. */
  all(): { pattern: string; passes: Tally[] }[] {
    const found: { pattern: string; passes: Tally[] }[] = []
    const walk = (branch: Branch, name: string) => {
      if (branch.tallies)
        found.push({
          pattern: name,
          passes: Array.from({ length: this.#pass + 1 }, (_, pass) => branch.tallies![pass] ?? emptyTally()),
        })
      for (const [segment, below] of branch.branches) walk(below, name + segment)
    }
    walk(this.#root, '')
    return found.toSorted((a, b) => b.passes.at(-1)!.keys - a.passes.at(-1)!.keys || (a.pattern < b.pattern ? -1 : 1))
  }

  #step(branch: Branch, segment: string): Branch {
    const name = branch.merged ? starred(segment) : segment
    let below = branch.branches.get(name)
    if (below === undefined) {
      below = emptyBranch()
      branch.branches.set(name, below)
      if (!branch.merged && branch.branches.size > this.#branchesMax) {
        this.#mergeBranches(branch)
        return branch.branches.get(starred(segment))!
      }
    }
    return below
  }

  /** By the separator that they end in: `session:alice` and `session:alice:cart` stay apart. */
  #mergeBranches(branch: Branch): void {
    const old = [...branch.branches]
    branch.merged = true
    branch.branches = new Map()
    for (const [segment, below] of old) {
      const name = starred(segment)
      const into = branch.branches.get(name)
      if (into === undefined) branch.branches.set(name, below)
      else this.#fold(below, into)
    }
  }

  #fold(from: Branch, into: Branch): void {
    if (from.tallies) {
      if (into.tallies) this.#patterns--
      into.tallies ??= []
      for (const [pass, tally] of from.tallies.entries()) if (tally) merge((into.tallies[pass] ??= emptyTally()), tally)
    }
    for (const [segment, below] of from.branches) {
      const name = into.merged ? starred(segment) : segment
      const there = into.branches.get(name)
      if (there === undefined) into.branches.set(name, below)
      else this.#fold(below, there)
    }
    if (!into.merged && into.branches.size > this.#branchesMax) this.#mergeBranches(into)
  }

  #narrow(): void {
    if (this.#branchesMax <= 1) return
    this.#branchesMax = Math.floor(this.#branchesMax / 2)
    const walk = (branch: Branch) => {
      if (!branch.merged && branch.branches.size > this.#branchesMax) this.#mergeBranches(branch)
      for (const below of branch.branches.values()) walk(below)
    }
    walk(this.#root)
  }
}

const emptyBranch = (): Branch => ({ branches: new Map(), tallies: undefined, merged: false })

/** `alice:` is `*:`, `alice` is `*`. */
const starred = (segment: string): string => (/[:/|.#]$/.test(segment) ? `*${segment.at(-1)}` : '*')
