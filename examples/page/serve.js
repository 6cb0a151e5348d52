// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// Serves files on a loopback address, and prints it:
//
//   node serve.js [--port N] FILE...
//
// Each file by its name alone; index.html is also /.
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

// Resolves to { url, close() }. Port 0: any that is free.
function serve(files, port = 0) {
  const byName = new Map(files.map((file) => ['/' + path.basename(file), file]));
  if (byName.has('/index.html')) byName.set('/', byName.get('/index.html'));
  const server = http.createServer((request, response) => {
    const file = byName.get(request.url.split('?')[0]);
    if (!file || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'Content-Type': 'text/plain' });
      return response.end('there is no such file\n');
    }
    response.writeHead(200, {
      'Content-Type': TYPES[path.extname(file)] || 'application/octet-stream',
      'Cache-Control': 'no-store',
    });
    if (request.method === 'HEAD') return response.end();
    fs.createReadStream(file).on('error', () => response.destroy()).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}/`,
        close: () => {
          server.close();
          if (server.closeAllConnections) server.closeAllConnections();
        },
      });
    });
  });
}

module.exports = { serve };

if (require.main === module) {
  const args = process.argv.slice(2);
  const port = args[0] === '--port' ? Number(args.splice(0, 2)[1]) : 0;
  serve(args, port).then(
      ({ url }) => console.log(url),
      (error) => {
        console.error(`cannot serve: ${error.message}`);
        process.exit(1);
      });
}
