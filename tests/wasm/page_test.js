// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// The page in a real Chromium: what a person does, what the page shows, and what the browser's console
// got: each call, its method and its line, exactly.
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');

const { serve } = require('../../examples/page/serve.js');
const { Chromium } = require('./chromium.js');

// What console.warn is called in the DevTools protocol.
const METHODS = { error: 'error', warning: 'warn', info: 'info', debug: 'debug' };

const ending = process.argv.slice(2).filter((file) => path.dirname(file).endsWith('/ending'));
const site = process.argv.slice(2).filter((file) => !ending.includes(file));

async function main() {
  const server = await serve(site);
  let browser;
  try {
    browser = await Chromium.start();
    const calls = [];
    browser.on('Runtime.consoleAPICalled', ({ type, args }) => {
      calls.push([METHODS[type] || type, ...args.map((arg) => arg.value)]);
    });
    const take = () => calls.splice(0);
    const text = (id) => browser.evaluate(`document.getElementById('${id}').textContent`);
    const shown = () => browser.evaluate(
        `[...document.querySelectorAll('#console li')].map((li) => [...li.children].map((c) => c.textContent))`);
    const focused = () => browser.evaluate('document.activeElement.id');

    await browser.send('Page.navigate', { url: server.url });
    await browser.until(`document.body && document.body.dataset.ready === 'true'`);
    assert.deepStrictEqual(take(), [], 'the console before anything is counted');

    // By keyboard alone: tab to the text, type, Ctrl+Enter.
    await browser.press('Tab');
    assert.strictEqual(await focused(), 'text');
    await browser.send('Input.insertText', { text: 'Tick tock, tick.\nTock tick 😀' });
    await browser.press('Enter', { ctrl: true });
    assert.strictEqual(await text('words'), '5');
    assert.strictEqual(await text('different'), '2');
    assert.strictEqual(await text('lines'), '2');
    assert.strictEqual(await text('bytes'), '31');
    const first = [
      ['debug', '[DEBUG] text: 2 lines, 5 words'],
      ['info', '[INFO] indexed 1 files: 31 bytes, 2 lines, 5 words'],
      ['info', '[INFO]        3 x tick'],
      ['info', '[INFO]        2 x tock'],
    ];
    assert.deepStrictEqual(take(), first);
    assert.deepStrictEqual(await shown(), first, 'what the page shows of its console');

    // Again, by the button: telemetry is started once, so no second start complains.
    await browser.press('Tab');
    assert.strictEqual(await focused(), 'count');
    await browser.press('Enter', { text: '\r' });
    assert.deepStrictEqual(take(), first);

    // Each way to the text and each method.
    await browser.evaluate(`document.getElementById('text').value = ''; document.getElementById('count').click();`);
    assert.deepStrictEqual(take(), [
      ['warn', '[WARN] text is empty'],
      ['debug', '[DEBUG] text: 0 lines, 0 words'],
      ['info', '[INFO] indexed 1 files: 0 bytes, 0 lines, 0 words'],
    ]);
    await browser.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([0, 255, 0])], 'größe%s.bin'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);
    await browser.until(`document.getElementById('status').textContent === 'größe%s.bin is not text.'`);
    assert.deepStrictEqual(take(), [
      ['debug', '[DEBUG] skipping größe%s.bin: not text'],
      ['error', '[ERROR] größe%s.bin is not text'],
      ['info', '[INFO] indexed 0 files: 0 bytes, 0 lines, 0 words'],
    ]);

    // The page's own errors, which no program can log.
    await browser.evaluate(`setTimeout(() => { throw new Error('boom'); })`);
    await browser.until(`document.querySelector('#console li:last-child .line').textContent.includes('boom')`);
    assert.deepStrictEqual(take(), [['error', '[FATAL] Uncaught Error: boom']]);

    if (process.env.PAGE_SCREENSHOT) {
      await browser.evaluate(`document.getElementById('sample').click()`);
      await browser.screenshot(process.env.PAGE_SCREENSHOT);
    }
    await failures(browser, take, text, focused);
    console.log('the page does what it should');
  } finally {
    if (browser) await browser.close();
    server.close();
  }
}

// What a person sees when there is no module, or no more.
async function failures(browser, take, text, focused) {
  const controls = `[...document.querySelectorAll('.input textarea, .input button, .input input')]`;
  const expectFailed = async (status) => {
    await browser.until(`document.body && document.body.dataset.failed === 'true'`);
    assert.match(await text('status'), status);
    assert(await browser.evaluate(`${controls}.length === 5 && ${controls}.every((c) => c.disabled)`));
    assert(await browser.evaluate(`document.getElementById('figures').hidden`));
    assert.strictEqual(await browser.evaluate(`document.getElementById('frequent').childElementCount`), 0);
    // Nothing that a person may still do gets anywhere.
    await browser.press('Enter', { ctrl: true });
    await browser.evaluate(`dispatchEvent(new DragEvent('drop', { dataTransfer: new DataTransfer(), cancelable: true }))`);
    assert.match(await text('status'), status);
  };
  const opens = async (files, body) => {
    const server = await serve(files);
    try {
      await browser.send('Page.navigate', { url: server.url });
      await browser.until(`location.href === '${server.url}' && document.readyState === 'complete'`);
      await body();
    } finally {
      server.close();
    }
  };
  const without = (name) => site.filter((file) => path.basename(file) !== name);
  take();

  // To start with.
  await opens(without('module.js'), async () => {
    await expectFailed(/^The module could not be loaded: module\.js is missing\. Load the page again to go on\.$/);
    const lines = take().filter(([, line]) => line.startsWith('[FATAL]'));
    assert.deepStrictEqual(lines, [['error', '[FATAL] Error: module.js is missing']]);
  });
  await opens(without('module.wasm'), async () => {
    await expectFailed(/^The module could not be loaded: .*(wasm|fetch)/);
    assert(take().some(([method, line]) => method === 'error' && line.startsWith('[FATAL] ')));
  });
  const broken = path.join(fs.mkdtempSync(path.join(process.env.TEST_TMPDIR || '.', 'broken.')), 'module.wasm');
  fs.writeFileSync(broken, 'no wasm');
  await opens([...without('module.wasm'), broken], async () => {
    await expectFailed(/^The module could not be loaded: .*(magic|expected)/);
    assert(take().some(([method, line]) => method === 'error' && line.startsWith('[FATAL] ')));
  });

  // Later.
  for (const [how, status, fatal] of [
    ['trap', /^The module has ended: unreachable\. Load/, /^\[FATAL\] Uncaught RuntimeError: unreachable$/],
    ['abort', /^The module has ended: Aborted\(/, /^\[FATAL\] Uncaught RuntimeError: Aborted\(/],
    ['throw', /^The module has ended: an exception that nobody caught\. Load/, /^\[FATAL\] Uncaught /],
    ['terminate', /^The module has ended: Aborted\(/, /^\[FATAL\] Uncaught RuntimeError: Aborted\(/],
  ]) {
    await opens([...without('module.js').filter((file) => !file.endsWith('.wasm')), ...ending], async () => {
      await browser.until(`document.body.dataset.ready === 'true'`);
      await browser.press('Tab');
      assert.strictEqual(await focused(), 'text');
      await browser.send('Input.insertText', { text: how });
      await browser.press('Enter', { ctrl: true });
      await expectFailed(status);
      const calls = take();
      assert.deepStrictEqual(calls[0], ['info', `[INFO] ending: ${how}`]);
      const fatals = calls.filter(([, line]) => line.startsWith('[FATAL]'));
      if (how === 'terminate') {
        assert.deepStrictEqual(fatals.shift(), ['error', '[FATAL] std::terminate() was called']);
      }
      assert.strictEqual(fatals.length, 1, JSON.stringify(calls));
      assert.strictEqual(fatals[0][0], 'error');
      assert.match(fatals[0][1], fatal);
      if (process.env.PAGE_SCREENSHOT) await browser.screenshot(`${process.env.PAGE_SCREENSHOT}.${how}.png`);
    });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
