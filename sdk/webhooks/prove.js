'use strict'

// Verifies each delivery of a running demo to a webhook, as receivers of Standard Webhooks and of the contract do: before the
// secret is reset, and while the one before is still good.

const assert = require('node:assert/strict')
const { createHmac } = require('node:crypto')
const { Webhook, WebhookVerificationError } = require('standardwebhooks')
const { version } = require('standardwebhooks/package.json')
const { Receiver } = require('./receiver')

const { BASE_URL, ADMINISTRATOR_TOKEN, INBOX_IDENTIFIER } = process.env

async function post(address, body = {}, headers = {}) {
  const answer = await fetch(BASE_URL + address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  if (answer.status !== 200) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

async function reset(webhook) {
  const address = `/api/v1/accounts/${webhook.account_id}/webhooks/${webhook.id}/reset_secret`
  return (await post(address, {}, { api_access_token: ADMINISTRATOR_TOKEN })).payload.webhook.secret
}

// By Standard Webhooks: with each of these secrets, but not with another one, nor when anything signed is another.
function verify({ headers, body }, good, bad) {
  for (const secret of good) {
    const webhook = new Webhook(secret)
    assert.deepEqual(webhook.verify(body, headers), JSON.parse(body))
    const refuses = (body, headers) => assert.throws(() => webhook.verify(body, headers), WebhookVerificationError)
    refuses(body.replace('"', '" '), headers)
    refuses(body, { ...headers, 'webhook-id': `${headers['webhook-id']}0` })
    refuses(body, { ...headers, 'webhook-timestamp': `${Number(headers['webhook-timestamp']) - 1}` })
  }
  for (const secret of bad) {
    assert.throws(() => new Webhook(secret).verify(body, headers), WebhookVerificationError)
  }
}

// By the contract: one header for the present secret, and one of ours for the secret before.
function recompute({ headers, body }, [present, before]) {
  const sign = (secret) => {
    const signed = `${headers['x-chatwoot-timestamp']}.${body}`
    return secret && `sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`
  }
  assert.equal(headers['x-chatwoot-signature'], sign(present))
  assert.equal(headers['x-chatwoot-signature-previous'], sign(before))
  assert.match(headers['x-chatwoot-delivery'], /^[0-9a-f-]{36}$/)
}

async function prove(receiver) {
  const profile = await fetch(`${BASE_URL}/api/v1/profile`, { headers: { api_access_token: ADMINISTRATOR_TOKEN } })
  const { account_id: account } = await profile.json()
  const headers = { api_access_token: ADMINISTRATOR_TOKEN }
  // Of these a message is the last: nothing that was signed before a reset comes after it.
  const subscriptions = ['conversation_created', 'message_created']
  const made = await post(`/api/v1/accounts/${account}/webhooks`, { url: receiver.url, subscriptions }, headers)
  const webhook = made.payload.webhook
  const inbox = `/public/api/v1/inboxes/${INBOX_IDENTIFIER}/contacts`
  const contact = await post(inbox, { name: 'Noor Haddad' })
  const conversations = `${inbox}/${contact.source_id}/conversations`
  const conversation = await post(conversations)

  let count = 0
  async function proveNext(content, good, bad) {
    await post(`${conversations}/${conversation.id}/messages`, { content })
    const deliveries = await receiver.receives(content)
    for (const delivery of deliveries) {
      verify(delivery, good, bad)
      recompute(delivery, good)
    }
    count += deliveries.length
  }
  const first = webhook.secret
  await proveNext('Where is my parcel?', [first], [])
  const second = await reset(webhook)
  await proveNext('It is “here” – thank you! 📦', [second, first], [])
  const third = await reset(webhook)
  await proveNext('Until next time.', [third, second], [first])
  return count
}

async function main() {
  const receiver = new Receiver()
  await receiver.start()
  try {
    const count = await prove(receiver)
    console.log(`webhooks: standardwebhooks ${version} and the contract's receivers verify ${count} deliveries of three secrets`)
  } finally {
    receiver.end()
  }
}

main().catch((problem) => {
  console.error('webhooks:', problem)
  process.exitCode = 1
})
