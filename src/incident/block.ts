/** A document as data: what is in it, without how it is written down. Texts are plain; whoever writes them out escapes them. */
export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3 | 4; text: string }
  | { kind: 'paragraph' | 'code'; text: string }
  | { kind: 'list' | 'tasks'; items: readonly string[] }
  | { kind: 'table'; head: readonly string[]; rows: readonly (readonly string[])[] }
