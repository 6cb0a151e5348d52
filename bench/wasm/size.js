// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// size.js FILE...: how large the wasm of each size_* program is, against the bare one's.
'use strict';

const fs = require('fs');
const path = require('path');
const zlib = require('zlib');

const PROGRAMS = {
  bare: 'a bare console call',
  literal: 'one MM_INFO, a literal',
  integer: 'a string and an integer',
  double: 'a string and a double',
  every_type: 'every type',
};

// For each program: title, bytes of the wasm, the same gzip'd, how many more than the bare one's,
// and bytes of the script gzip'd.
function measure(files) {
  const byName = new Map(files.map((file) => [path.basename(file), file]));
  const sizes = (name) => {
    const bytes = fs.readFileSync(byName.get(name));
    return [bytes.length, zlib.gzipSync(bytes, { level: 9 }).length];
  };
  const bare = sizes('size_bare.wasm')[1];
  return Object.entries(PROGRAMS).map(([name, title]) => {
    const [bytes, zipped] = sizes(`size_${name}.wasm`);
    return { title, bytes, zipped, more: zipped - bare, script: sizes(`size_${name}.js`)[1] };
  });
}

module.exports = { measure };

if (require.main === module) {
  const row = (...cells) => console.log(cells.map((c, i) => i === 0 ? c.padEnd(28) : String(c).padStart(12)).join(''));
  row('', 'wasm', 'gzip', 'more', 'script gzip');
  for (const { title, bytes, zipped, more, script } of measure(process.argv.slice(2))) {
    row(title, bytes, zipped, more, script);
  }
}
