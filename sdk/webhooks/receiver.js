'use strict'

// A receiver of webhooks on this machine.

const http = require('node:http')
const { once } = require('node:events')

// How long anything may take, in milliseconds.
const LONG = 60_000

class Receiver {
  #received = []
  #wake = () => {}

  async start() {
    this.server = http.createServer(async (request, response) => {
      const parts = []
      for await (const part of request) parts.push(part)
      response.end()
      this.#received.push({ headers: request.headers, body: Buffer.concat(parts).toString() })
      this.#wake()
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    this.url = `http://127.0.0.1:${this.server.address().port}/`
  }

  // Everything that came, up to the delivery of this message.
  async receives(content) {
    const end = Date.now() + LONG
    while (Date.now() < end) {
      const last = this.#received.findIndex(({ body }) => JSON.parse(body).content === content)
      if (last >= 0) return this.#received.splice(0, last + 1)
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, end - Date.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    throw new Error(`no delivery of ${content}`)
  }

  end() {
    this.server.close()
    this.server.closeAllConnections()
  }
}

module.exports = { Receiver }
