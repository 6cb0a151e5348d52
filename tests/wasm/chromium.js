// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// A headless Chromium, spoken to over a pipe in the DevTools protocol. Nothing to install beside it.
'use strict';

const { spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe',
];

class Chromium {
  // Resolves to a browser with one empty page.
  static async start() {
    const folder = fs.mkdtempSync(path.join(process.env.TEST_TMPDIR || os.tmpdir(), 'chromium.'));
    const browser = new Chromium(folder);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    browser.session = (await browser.send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
    await browser.send('Runtime.enable');
    await browser.send('Page.enable');
    return browser;
  }

  constructor(folder) {
    this.folder = folder;
    this.next = 1;
    this.waiting = new Map();
    this.listeners = new Map();
    this.said = '';
    this.process = spawn('chromium', [...FLAGS, `--user-data-dir=${folder}`, 'about:blank'], {
      env: { ...process.env, HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.process.stderr.on('data', (data) => { this.said += data; });
    this.ended = new Promise((resolve) => {
      const end = (why) => {
        for (const { reject } of this.waiting.values()) reject(new Error(`chromium: ${why}\n${this.said}`));
        this.waiting.clear();
        this.gone = why;
        resolve();
      };
      this.process.once('error', (error) => end(`${error.message}: run ./dev wasm, or apt-get install chromium`));
      this.process.once('close', (code) => end(`ended with ${code}`));
    });
    this.process.stdio[3].on('error', () => {});
    let received = '';
    this.process.stdio[4].setEncoding('utf8').on('data', (data) => {
      const messages = (received + data).split('\0');
      received = messages.pop();
      for (const message of messages) this.receive(JSON.parse(message));
    });
  }

  receive({ id, method, params, result, error }) {
    if (method) return (this.listeners.get(method) || []).forEach((listener) => listener(params));
    const { resolve, reject } = this.waiting.get(id) || {};
    this.waiting.delete(id);
    if (error && reject) reject(new Error(error.message));
    if (!error && resolve) resolve(result);
  }

  send(method, params = {}) {
    if (this.gone) return Promise.reject(new Error(`chromium: ${this.gone}`));
    const id = this.next++;
    const sessionId = this.session;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + '\0');
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  on(method, listener) {
    this.listeners.set(method, [...(this.listeners.get(method) || []), listener]);
  }

  // The value of an expression on the page; waits for a promise.
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send(
        'Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception.description}`);
    return result.value;
  }

  // Until the expression is true; an error after `seconds`.
  async until(expression, seconds = 30) {
    const ok = await this.evaluate(`new Promise((resolve) => {
      const end = Date.now() + ${seconds * 1000};
      const look = () => (${expression}) ? resolve(true) : Date.now() > end ? resolve(false) : setTimeout(look, 10);
      look();
    })`);
    if (!ok) throw new Error(`not within ${seconds} s: ${expression}`);
  }

  async press(key, { ctrl = false, text = undefined } = {}) {
    const common = { key, code: key, windowsVirtualKeyCode: { Tab: 9, Enter: 13, ' ': 32 }[key], modifiers: ctrl ? 2 : 0 };
    await this.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', text, ...common });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...common });
  }

  async screenshot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }

  async close() {
    if (!this.gone) {
      this.session = undefined;
      this.send('Browser.close').catch(() => {});
      const late = setTimeout(() => this.process.kill('SIGKILL'), 10000);
      await this.ended;
      clearTimeout(late);
    }
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

module.exports = { Chromium };
