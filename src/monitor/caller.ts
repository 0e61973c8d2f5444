/** `locked`, `1`: a mark, and no caller's own. */
const ownLength = 12

/** Whose a token is: the one caller's that has it, or that of a connection, where all use the same. */
export const nameOf = (token: string, client: string) => (token.length >= ownLength ? token : `${token} ${client}`)

/** The address without the port; what has none (a socket) is one host. */
export function hostOf(client: string): string {
  const colon = client.lastIndexOf(':')
  return colon < 0 || client.startsWith('unix:') ? client : client.slice(0, colon)
}

export function sameHost(a: string, b: string): boolean {
  return a === b || hostOf(a) === hostOf(b)
}
