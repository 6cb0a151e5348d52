// Copyright 2026 The micromegas-cpp authors
// SPDX-License-Identifier: Apache-2.0
//
// What a native test finds and a program in Node does not: the environment of the process.
Module['preRun'] = [].concat(Module['preRun'] || [], () => {
  if (typeof ENV !== 'undefined') Object.assign(ENV, process.env);
});
