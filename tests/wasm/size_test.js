// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// What a log costs in bytes, at most: 20 KiB of gzip'd wasm, whatever it formats.
'use strict';

const assert = require('assert');

const { measure } = require('../../bench/wasm/size.js');

const sizes = measure(process.argv.slice(2));
assert.strictEqual(sizes.length, 5);
for (const { title, more } of sizes.slice(1)) {
  console.log(`${title}: ${more} bytes more than a bare console call`);
  // A program that does nothing would pass, too.
  assert(more > 10 * 1024, title);
  assert(more <= 20 * 1024, title);
}
