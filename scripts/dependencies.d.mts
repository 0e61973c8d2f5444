import type { Machine } from './bootstrap.mjs'

type Place = Pick<Machine, 'folder' | 'platform' | 'arch'>
export function postgresFolder(machine: Place): string | undefined
export function postgresPackage(machine: Omit<Place, 'folder'>): string
