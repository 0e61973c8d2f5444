/** The one way to links: through the runtime's Toxiproxy. */
export { openLinks } from './toxiproxy.ts'
