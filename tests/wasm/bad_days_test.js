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
  assert.deepStrictEqual(
      out, ['throwing: log', 'throwing: log', 'throwing: log', 'recorded 3, dropped 3', 'goes on']);
  assert.match(err, /^micromegas: a sink threw something that is not a std::exception$/m);
});
// What Emscripten says where a throw, or abort(), ends a program.
const THROWN = /exception catching is (disabled|not enabled)/i;
const ABORTED = /^Aborted\(native code called abort\(\)\)$/m;
const FATAL = /^\[FATAL\] std::terminate\(\) was called$/mg;

test('it ends a program without exceptions', () => {
  for (const [name, said] of [
    ['throwing_sink', ['throwing: startup']],
    ['bare_throwing_sink', ['throwing: log']],
  ]) {
    const { ok, out, err } = run(name);
    assert(!ok, name);
    assert.deepStrictEqual(out, said);
    assert.match(err, THROWN);
  }
});

function ends(how, fatals) {
  const { ok, out, err } = run('terminate', how);
  assert(!ok);
  assert.deepStrictEqual(out, [`[INFO] ending: ${how}`]);
  assert.strictEqual((err.match(FATAL) || []).length, fatals, err);
  assert.match(err, ABORTED);
}
test('std::terminate() logs first', () => ends('now', 1));
test('std::terminate() in a sink logs once', () => ends('in-sink', 1));
test('std::terminate() between handlers that call one another ends', () => ends('circle', 1));
test('std::terminate() after the end is silent', () => ends('after', 0));
test('abort() is the page\'s', () => ends('abort', 0));
test('a program that just returns is fine', () => {
  const { ok, out, err } = run('terminate', 'return');
  assert(ok, err);
  assert.deepStrictEqual(out, ['[INFO] ending: return']);
  assert.strictEqual(err, '');
});

process.exitCode = failures === 0 ? 0 : 1;
