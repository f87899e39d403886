'use strict'

// One subscription by a version of the client, and all that it tells of it.

const WebSocket = require('ws')

// How long anything may take, in milliseconds; the client itself waits up to half a minute before it comes back.
const LONG = 60_000

// What the client expects of a browser.
globalThis.self ??= globalThis
globalThis.addEventListener ??= () => {}
globalThis.removeEventListener ??= () => {}

class Listener {
  #waiting = []
  #wake = () => {}

  constructor(library, baseUrl, identifier) {
    const cable = require(library)
    const { name, version } = require(`${library}/package.json`)
    this.name = `${name} ${version}`
    // Frames that the client keeps to itself.
    const note = (frame) => this.#note('frame', frame)
    cable.adapters.WebSocket = class extends WebSocket {
      constructor(...args) {
        super(...args)
        this.addEventListener('message', (event) => note(JSON.parse(event.data)))
      }
    }
    this.consumer = cable.createConsumer(`${baseUrl.replace('http', 'ws')}/cable`)
    const callbacks = {}
    for (const name of ['connected', 'disconnected', 'rejected', 'received']) {
      callbacks[name] = (told) => this.#note(name, told)
    }
    this.subscription = this.consumer.subscriptions.create(identifier, callbacks)
  }

  // Waits until the client tells this; what it told before is past.
  async hears(name, isWanted = () => true) {
    const end = Date.now() + LONG
    while (Date.now() < end) {
      while (this.#waiting.length > 0) {
        const [told, what] = this.#waiting.shift()
        if (told === name && isWanted(what)) return what
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, end - Date.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    throw new Error(`${this.name} does not tell: ${name} ${isWanted}`)
  }

  async hearsEvent(event, isWanted) {
    const heard = await this.hears('received', (message) => message.event === event && isWanted(message.data))
    return heard.data
  }

  end() {
    this.consumer.disconnect()
  }

  #note(name, what) {
    this.#waiting.push([name, what])
    this.#wake()
  }
}

module.exports = { Listener }
