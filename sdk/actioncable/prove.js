'use strict'

// Listens to a server as the dashboards do, with two versions of their client, through a restart.

const assert = require('node:assert/strict')
const { Listener } = require('./listener')
const { Server } = require('./server')

const LIBRARIES = ['@rails/actioncable', 'actioncable-6']

async function prove(server, listeners) {
  await server.start()
  const { BASE_URL, AGENT_TOKEN, INBOX_IDENTIFIER } = server.told
  const agent = await server.get('/api/v1/profile', AGENT_TOKEN)
  const account = agent.account_id
  const identifier = {
    channel: 'RoomChannel', pubsub_token: agent.pubsub_token, account_id: account, user_id: agent.id,
  }
  const inbox = `/public/api/v1/inboxes/${INBOX_IDENTIFIER}/contacts`
  const contact = await server.post(inbox, { name: 'Noor Haddad' })
  const conversations = `${inbox}/${contact.source_id}/conversations`
  const conversation = await server.post(conversations, {})

  const each = (act) => Promise.all(listeners.map(act))
  const isPresent = (data) => data.account_id === account && data.users[agent.id] !== undefined
  async function hearMessage(content) {
    const message = await server.post(`${conversations}/${conversation.id}/messages`, { content })
    await each(async (listener) => {
      const data = await listener.hearsEvent('message.created', (data) => data.content === content)
      assert.deepEqual([data.id, data.account_id], [message.id, account])
      assert.equal(data.conversation_id, conversation.id)
    })
  }

  for (const library of LIBRARIES) listeners.push(new Listener(library, BASE_URL, identifier))
  await each((listener) => listener.hears('connected'))
  await each((listener) => listener.hearsEvent('presence.update', isPresent))
  await hearMessage('Where is my parcel?')
  await each((listener) => listener.subscription.perform('update_presence'))
  await each((listener) => listener.hearsEvent('presence.update', isPresent))

  const stranger = new Listener(LIBRARIES[0], BASE_URL, { ...identifier, pubsub_token: 'another' })
  await stranger.hears('rejected')
  stranger.end()

  await Promise.all([
    server.stop(),
    each(async (listener) => {
      const last = await listener.hears('frame', (frame) => frame.type === 'disconnect')
      assert.deepEqual(last, { type: 'disconnect', reason: 'server_restart', reconnect: true })
      assert.equal((await listener.hears('disconnected')).willAttemptReconnect, true)
    }),
  ])
  await server.start()
  await each((listener) => listener.hears('connected'))
  await hearMessage('It is here. Thank you!')
}

async function main() {
  const server = new Server(process.env.OOCTOPUS_BIN)
  const listeners = []
  let defects
  try {
    await prove(server, listeners)
    for (const listener of listeners) listener.end()
    await server.stop()
  } finally {
    defects = server.end()
  }
  assert.deepEqual(defects, [], 'lines of the log that tell of defects')
  console.log(`actioncable: ${listeners.map(({ name }) => name).join(' and ')} heard everything, through a restart`)
}

main().then(
  // A client that goes on trying would keep the process.
  () => process.exit(0),
  (problem) => {
    console.error('actioncable:', problem)
    process.exit(1)
  },
)
