import { expect, test } from 'vitest'
import { found } from '../../../test/support/facts.ts'
import { clients } from './clients.ts'

test.each([
  ['room', { connected_clients: 79, maxclients: 100 }, {}, []],
  ['little room', { connected_clients: 80, maxclients: 100 }, {}, ['high: 80 % of maxclients are connected']],
  ['CONFIG GET knows better', { connected_clients: 80, maxclients: 100 }, { maxclients: 1000 }, []],
  [
    'one was turned away',
    { rejected_connections: 1 },
    {},
    ['medium: 1 connection was turned away since Redis started'],
  ],
  ['several were', { rejected_connections: 2 }, {}, ['medium: 2 connections were turned away since Redis started']],
  ['nothing was told', {}, {}, []],
])('%s', (_, info, config, expected) => {
  expect(found(clients, { info, config })).toEqual(expected)
})
