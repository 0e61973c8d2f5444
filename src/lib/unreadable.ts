/**
 * Characters that no reader sees and that move the cursor of a terminal, or turn its direction: C0 and C1 controls, line and paragraph separators, and
 * the bidirectional ones. In other people's keys and messages they can fake what stands beside them.
 */
const unreadable = String.raw`[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]`

const [one, run] = [new RegExp(unreadable, 'g'), new RegExp(`${unreadable}+`, 'g')]

/** Each of them as `as` writes it. */
export const readable = (text: string, as: (character: string) => string): string => text.replace(one, as)

/** Without them; a space stands where there were some. */
export const withoutUnreadable = (text: string): string => text.replace(run, ' ')
