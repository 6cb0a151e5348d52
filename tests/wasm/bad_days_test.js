// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// Programs that end badly, or whose sinks throw, each in a process of its own.
'use strict';

const assert = require('assert');
const { spawnSync } = require('child_process');
const path = require('path');

const programs = new Map(process.argv.slice(2).map((file) => [path.basename(file), file]));

function run(name, ...args) {
  const { status, signal, stdout, stderr, error } = spawnSync(
      // Older Emscriptens would load the wasm with Node's fetch, which knows no paths.
      process.execPath, ['--no-experimental-fetch', path.resolve(programs.get(name + '.js')), ...args], { encoding: 'utf8', timeout: 60000 });
  if (error) throw error;
  return { ok: status === 0 && !signal, out: stdout.trim().split('\n'), err: stderr };
}

let failures = 0;
function test(name, body) {
  try {
    body();
    console.log(`ok     ${name}`);
  } catch (error) {
    ++failures;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
}

test('a sink that throws does not end a program with exceptions', () => {
  const { ok, out, err } = run('throwing_sink_caught');
  assert(ok, err);
  assert.deepStrictEqual(out, [
    'throwing: startup', 'throwing: log', 'throwing: enabled', 'sink: last', 'recorded 2, delivered 2',
    'throwing: shutdown', 'goes on',
  ]);
  assert.match(err, /^micromegas: startup$/m);
});
test('nor without a composite sink, and the books tell', () => {
  const { ok, out, err } = run('bare_throwing_sink_caught');
  assert(ok, err);
  assert.deepStrictEqual(out, ['recorded 3, dropped 3', 'goes on']);
  assert.match(err, /^micromegas: a sink threw something that is not a std::exception$/m);
});
test('it ends a program without exceptions', () => {
  const { ok, out } = run('throwing_sink');
  assert(!ok);
  assert.deepStrictEqual(out, ['throwing: startup']);
  assert(!run('bare_throwing_sink').ok);
});
test('std::terminate() logs first', () => {
  const { ok, out, err } = run('terminate', 'now');
  assert(!ok);
  assert.deepStrictEqual(out, ['[INFO] ending: now']);
  assert.match(err, /^\[FATAL\] std::terminate\(\) was called$/m);
});
test('std::terminate() in a sink logs once', () => {
  const { ok, err } = run('terminate', 'in-sink');
  assert(!ok);
  assert.strictEqual(err.match(/\[FATAL\] std::terminate\(\) was called/g).length, 1);
});
test('std::terminate() after the end is silent', () => {
  const { ok, err } = run('terminate', 'after');
  assert(!ok);
  assert(!err.includes('[FATAL]'), err);
});
test('abort() is the page\'s', () => {
  const { ok, err } = run('terminate', 'abort');
  assert(!ok);
  assert(!err.includes('[FATAL]'), err);
});
test('a program that just returns is fine', () => assert(run('terminate', 'return').ok));

process.exitCode = failures === 0 ? 0 : 1;
