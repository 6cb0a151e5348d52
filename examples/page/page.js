// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
'use strict';

const element = (id) => document.getElementById(id);

// --- the console, on the page too -------------------------------------------------------------------

const MAX_LINES = 500;

function show(method, line) {
  const list = element('console');
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  const item = document.createElement('li');
  item.className = method;
  for (const [name, text] of [['method', method], ['line', line]]) {
    const part = document.createElement('span');
    part.className = name;
    part.textContent = text;
    item.append(part);
  }
  list.append(item);
  while (list.childElementCount > MAX_LINES) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

for (const method of ['error', 'warn', 'info', 'debug']) {
  const original = console[method].bind(console);
  console[method] = (...args) => {
    original(...args);
    show(method, args.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : arg)).join(' '));
  };
}

// What no program can log: its own end, and the page's errors.
addEventListener('error', (event) => console.error(`[FATAL] ${event.message}`));
addEventListener('unhandledrejection', (event) => console.error(`[FATAL] ${event.reason}`));

// --- counting ---------------------------------------------------------------------------------------

let module;

// The module has ended, or never began: nothing can be counted until the page is loaded again.
function fail(what, error) {
  module = undefined;
  // Emscripten throws a number where C++ throws and nobody catches.
  const why = typeof error === 'number' ? 'an exception that nobody caught' : String(error.message || error);
  const status = element('status');
  status.textContent = `${what}: ${why.replace(/\.$/, '')}. Load the page again to go on.`;
  status.className = 'failed';
  for (const control of document.querySelectorAll('.input textarea, .input button, .input input')) {
    control.disabled = true;
  }
  element('figures').hidden = true;
  element('frequent').replaceChildren();
  document.body.dataset.failed = 'true';
}

// `bytes` may hold anything: the module says what is not text.
function count(name, bytes) {
  if (!module) return;
  const nameSize = module.lengthBytesUTF8(name) + 1;
  const memory = module._malloc(nameSize + bytes.length);
  if (memory === 0) {
    element('status').textContent = `${name} is too large for this page.`;
    return;
  }
  module.stringToUTF8(name, memory, nameSize);
  module.HEAPU8.set(bytes, memory + nameSize);
  let json;
  try {
    json = module.UTF8ToString(module._count_words(memory, memory + nameSize, bytes.length));
    module._free(memory);
  } catch (error) {
    fail('The module has ended', error);
    throw error;  // for the console
  }
  present(name, JSON.parse(json));
}

function present(name, index) {
  const number = new Intl.NumberFormat('en');
  for (const key of ['words', 'different', 'lines', 'bytes']) {
    element(key).textContent = number.format(index[key]);
  }
  element('figures').hidden = index.skipped !== 0;
  element('status').textContent = index.skipped !== 0
      ? `${name} is not text.`
      : `${name}: ${number.format(index.words)} words in ${number.format(index.lines)} lines.`;
  element('frequent').replaceChildren(...index.frequent.map(([word, times]) => {
    const item = document.createElement('li');
    item.style.setProperty('--part', `${100 * times / index.frequent[0][1]}%`);
    const label = document.createElement('span');
    label.textContent = word;
    const figure = document.createElement('span');
    figure.className = 'times';
    figure.textContent = number.format(times);
    item.append(label, figure);
    return item;
  }));
}

const countText = () => count('text', new TextEncoder().encode(element('text').value));

async function countFile(file) {
  if (!module) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  element('text').value = bytes.length <= 1 << 20 ? new TextDecoder().decode(bytes) : '';
  count(file.name, bytes);
}

// --- what a person does -----------------------------------------------------------------------------

const SAMPLE = `Telemetry that slows a program down is switched off, and telemetry that is
switched off tells nothing. So a statement records its event for about the price
of reading the clock, and everything else happens somewhere else: in a thread of
its own natively, and here, in the browser, on the console, where the statement
stands.
`;

element('count').addEventListener('click', countText);
element('sample').addEventListener('click', () => {
  element('text').value = SAMPLE;
  countText();
});
element('open').addEventListener('click', () => element('file').click());
element('file').addEventListener('change', (event) => {
  const file = event.target.files[0];
  if (file) countFile(file);
  event.target.value = '';
});
element('clear').addEventListener('click', () => element('console').replaceChildren());
addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  countText();
});

const dragging = (on) => (event) => {
  event.preventDefault();
  document.body.classList.toggle('dragging', on);
};
addEventListener('dragover', dragging(true));
addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) dragging(false)(event);
});
addEventListener('drop', (event) => {
  dragging(false)(event);
  const file = event.dataTransfer.files[0];
  if (file) {
    countFile(file);
  } else if (module) {
    element('text').value = event.dataTransfer.getData('text');
    countText();
  }
});

// --- start ------------------------------------------------------------------------------------------

async function start() {
  try {
    if (typeof createModule === 'undefined') throw new Error('module.js is missing');
    module = await createModule();
    element('status').textContent = 'Nothing counted yet.';
    element('count').disabled = false;
    document.body.dataset.ready = 'true';
  } catch (error) {
    fail('The module could not be loaded', error);
    throw error;  // for the console
  }
}
