import { UsageError } from '../lib/failure.ts'
import { listed } from '../lib/nearest.ts'

type ImageName = keyof typeof defaultImages

/** What containers are made of. The same as in docker-compose.yml. */
const defaultImages = {
  redis: 'redis:8.2.2',
  toxiproxy: 'ghcr.io/shopify/toxiproxy:2.12.0',
  postgres: 'postgres:18.1',
}

/** The image that was chosen, or the default one. */
export const imageOf = (name: ImageName, chosen: Readonly<Record<string, string>> = {}): string =>
  chosen[name] ?? defaultImages[name]

/** `redis=valkey/valkey:8` each. Throws UsageError. */
export function parseImages(texts: readonly string[]): Record<string, string> {
  const names = Object.keys(defaultImages)
  return Object.fromEntries(
    texts.map((text) => {
      const [, name = '', image = ''] = /^([^=]*)=?(.*)$/s.exec(text)!
      if (!names.includes(name))
        throw new UsageError(`--image ${text}: it names one of ${listed(names)}, for example redis=valkey/valkey:8`)
      if (!/^[a-z0-9][\w./:@-]*$/i.test(image))
        throw new UsageError(
          `--image ${text}: "${image}" is no image; write for example ${name}=${defaultImages[name as ImageName]}`,
        )
      return [name, image]
    }),
  )
}
