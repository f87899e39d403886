'use strict'

// A server with a new demo, which can be stopped and started again on the same data and port.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const readline = require('node:readline')
const { once } = require('node:events')

const LISTENS = '# Ooctopus listens on '

class Server {
  constructor(program) {
    this.program = program
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ooctopus-actioncable-'))
    this.log = path.join(this.folder, 'log')
    this.listen = '127.0.0.1:0'
    // What the demo's text tells: BASE_URL, AGENT_TOKEN and others.
    this.told = {}
  }

  async start() {
    // Settings of whoever calls are not the demo's.
    const { DATABASE_URL: _, ...environment } = process.env
    const log = fs.openSync(this.log, 'a')
    const data = path.join(this.folder, 'data')
    this.process = spawn(this.program, ['serve', '--demo', '--data-dir', data, '--listen', this.listen], {
      env: { ...environment, OOCTOPUS_LOG_FORMAT: 'json', OOCTOPUS_LOG_FILTER: 'info' },
      stdio: ['ignore', 'pipe', log],
    })
    fs.closeSync(log)
    this.exit = once(this.process, 'exit')
    for await (const line of readline.createInterface({ input: this.process.stdout })) {
      if (line.startsWith(LISTENS)) this.listen = new URL(line.slice(LISTENS.length)).host
      const [, name, value] = /^([A-Z_]+)='(.*)'$/.exec(line) ?? []
      if (name) this.told[name] = value
      // The text ends with an empty line.
      if (line === '') return
    }
    throw new Error(`the server did not start: ${fs.readFileSync(this.log, 'utf8')}`)
  }

  async stop() {
    this.process.kill('SIGTERM')
    const [code] = await this.exit
    if (code !== 0) throw new Error(`the server ended with ${code}: ${fs.readFileSync(this.log, 'utf8')}`)
  }

  // Whatever happens, nothing is left; what the log tells of defects.
  end() {
    this.process?.kill('SIGKILL')
    const lines = fs.existsSync(this.log) ? fs.readFileSync(this.log, 'utf8').split('\n') : []
    fs.rmSync(this.folder, { recursive: true, force: true })
    return lines.filter((line) => line.includes('"level":"ERROR"') || line.includes('panicked at'))
  }

  async get(address, token) {
    return this.#fetch(address, { headers: { api_access_token: token } })
  }

  async post(address, body) {
    const headers = { 'content-type': 'application/json' }
    return this.#fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  async #fetch(address, options) {
    const answer = await fetch(this.told.BASE_URL + address, options)
    if (answer.status !== 200) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

module.exports = { Server }
