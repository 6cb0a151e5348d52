// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// size.js FOLDER: how large the wasm of each size_* program is, against the bare one's.
'use strict';

const fs = require('fs');
const path = require('path');
const zlib = require('zlib');

const folder = process.argv[2];
const PROGRAMS = {
  bare: 'a bare console call',
  literal: 'one MM_INFO, a literal',
  integer: 'a string and an integer',
  double: 'a string and a double',
};

const sizes = (name, ending) => {
  const bytes = fs.readFileSync(path.join(folder, `size_${name}.${ending}`));
  return [bytes.length, zlib.gzipSync(bytes, { level: 9 }).length];
};
const row = (...cells) => console.log(cells.map((c, i) => i === 0 ? c.padEnd(28) : String(c).padStart(12)).join(''));

const bare = sizes('bare', 'wasm')[1];
row('', 'wasm', 'gzip', 'more', 'script gzip');
for (const [name, title] of Object.entries(PROGRAMS)) {
  const [plain, zipped] = sizes(name, 'wasm');
  row(title, plain, zipped, zipped - bare, sizes(name, 'js')[1]);
}
