/* Copyright 2026 The micromegas-cpp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * c_program WAY [URL]: the C API from C. What each way records is in c_api_test.cc. Ends with 1 when
 * a function did not answer what it should.
 */
#define _POSIX_C_SOURCE 200809L /* pause() */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "micromegas.h"

static int failures = 0;

static void expect(int condition, const char *what) {
  if (condition) return;
  printf("not so: %s\n", what);
  failures = 1;
}

static MmHandle *start(const char *url) {
  MmConfig config;
  memset(&config, 0, sizeof config);
  config.sink_url = url;
  return mm_init(&config);
}

static void official(const char *url) {
  const char *keys[] = {"service", NULL, "", "no value", "micromegas.x", "region"};
  const char *values[] = {"import", "no key", "empty key", NULL, "the server's", "eu \xff"};
  MmConfig config;
  MmHandle *handle;
  int level;
  config.sink_url = url;
  config.property_keys = keys;
  config.property_values = values;
  config.property_count = 6;
  handle = mm_init(&config);
  expect(handle != NULL, "mm_init() starts");
  expect(mm_init(&config) == NULL, "a second one is refused");
  for (level = 0; level <= 7; ++level) mm_log(handle, level, "levels", "text");
  mm_log(handle, MM_LEVEL_INFO, NULL, "no target {not a placeholder}");
  mm_log(handle, MM_LEVEL_INFO, "t", NULL);
  mm_log(handle, MM_LEVEL_INFO, "bad \xff", "bad \xff text");
  mm_metric_i(handle, "depth", "count", 7);
  mm_metric_i(handle, "depth", NULL, 18446744073709551615U);
  mm_metric_i(handle, NULL, "count", 1);
  mm_metric_i(handle, "", "count", 1);
  mm_metric_f(handle, "load", "percent", 0.5);
  mm_metric_f(handle, NULL, "percent", 0.5);
  mm_flush(handle);
  mm_shutdown(handle);
  mm_shutdown(NULL);
}

/* Whoever got no handle, because somebody else's telemetry runs, leaves that alone. */
static void no_handle(const char *url) {
  const MmProperty pairs[] = {{"route", "/x"}};
  MmHandle *host = start(url);
  MmHandle *none = start(url);
  uint64_t span;
  expect(host != NULL && none == NULL, "there is one telemetry");
  mm_set_thread_name(host, "host");
  mm_set_thread_name(none, "plug-in");
  mm_log(none, MM_LEVEL_FATAL, "plug-in", "a log");
  mm_log_p(none, MM_LEVEL_FATAL, "plug-in", "a log", pairs, 1);
  mm_metric_i(none, "plug-in", "count", 1);
  mm_metric_i_p(none, "plug-in", "count", 1, pairs, 1);
  mm_metric_f(none, "plug-in", "count", 1);
  mm_metric_f_p(none, "plug-in", "count", 1, pairs, 1);
  mm_span_begin(host, "of the host");
  mm_span_begin(none, "plug-in");
  mm_span_end(none);
  mm_span_end_p(none, pairs, 1);
  mm_span_end_p(host, pairs, 1);
  span = mm_async_span_begin(none, "plug-in", 0, 0);
  expect(span == 0, "nor a span");
  mm_async_span_end(none, 1, "plug-in", 0, 0, pairs, 1);
  expect(mm_flush_wait(none, 20000) == 0, "nor is it waited for");
  expect(mm_set_log_filter(none, "off") == 0, "nor are logs filtered");
  mm_log(host, MM_LEVEL_INFO, "host", "a log");
  mm_shutdown(none);
  mm_log(host, MM_LEVEL_INFO, "host", "and one more");
  mm_shutdown(host);
}

/* Hands over, with the handle or without, and waits to be killed. */
static void hand_over(const char *url, int with_handle) {
  MmHandle *handle = start(url);
  mm_log(handle, MM_LEVEL_INFO, "t", "first");
  mm_metric_i(handle, "first", "count", 1);
  expect(mm_flush_wait(handle, 20000) == 1, "the first of a stream is with the server");
  mm_log(handle, MM_LEVEL_INFO, "t", "handed over");
  mm_metric_i(handle, "handed over", "count", 1);
  mm_flush(with_handle ? handle : NULL);
  printf("flushed\n");
  fflush(stdout);
  for (;;) pause();
}

static void further(const char *url) {
  const MmProperty pairs[] = {{"route", "/x"}, {NULL, "no"}, {"empty", NULL}, {"level", "no"}};
  MmHandle *handle = start(url);
  uint64_t root;
  uint64_t child;
  expect(handle != NULL, "mm_init() starts");
  mm_set_thread_name(handle, "c thread");
  mm_log_p(handle, MM_LEVEL_WARN, "props", "with pairs", pairs, 4);
  mm_log_p(handle, MM_LEVEL_WARN, "props", "without", NULL, 0);
  mm_log_p(handle, MM_LEVEL_WARN, "props", "absurd", pairs, (size_t)-1);
  mm_metric_i_p(handle, "hits", "count", 3, pairs, 1);
  mm_metric_f_p(handle, "ratio", "", 0.25, pairs, 1);
  mm_span_end(handle); /* of nothing */
  mm_span_begin(handle, "outer");
  mm_span_begin(handle, "inner");
  mm_span_end_p(handle, pairs, 1);
  mm_span_end(handle);
  root = mm_async_span_begin(handle, "root", 0, 0);
  child = mm_async_span_begin(handle, "child", root, 1);
  expect(root != 0 && child != 0 && root != child, "ids are unique");
  mm_async_span_end(handle, child, "child", root, 1, pairs, 1);
  mm_async_span_end(handle, root, "root", 0, 0, NULL, 0);
  expect(mm_set_log_filter(handle, "warn,quiet=off") == 1, "a filter is taken");
  expect(mm_set_log_filter(handle, "loud") == 0, "nonsense is not");
  mm_log(handle, MM_LEVEL_INFO, "props", "filtered by its level");
  mm_log(handle, MM_LEVEL_ERROR, "quiet", "filtered by its target");
  mm_log(handle, MM_LEVEL_ERROR, "props", "passes");
  expect(mm_set_log_filter(handle, NULL) == 1, "none is the default");
  expect(mm_flush_wait(handle, 20000) == 1, "the server has it all");
  mm_shutdown(handle);
}

static MmHandle *telemetry; /* of again() */

static void *log_much(void *arg) {
  int i;
  (void)arg;
  for (i = 0; i < 1000; ++i) {
    mm_span_begin(telemetry, "turn");
    mm_log(telemetry, MM_LEVEL_INFO, "threads", "from a thread");
    mm_metric_i(telemetry, "turns", "count", 1);
    mm_span_end(telemetry);
  }
  return NULL;
}

static void *start_it(void *url) {
  telemetry = start((const char *)url);
  return NULL;
}

static void *end_it(void *arg) {
  (void)arg;
  mm_shutdown(telemetry);
  return NULL;
}

static void on_a_thread(void *(*call)(void *), void *arg) {
  pthread_t thread;
  pthread_create(&thread, NULL, call, arg);
  pthread_join(thread, NULL);
}

/* Started by one thread, used by others, ended by yet another one. */
static void again(const char *url) {
  int round;
  for (round = 0; round < 3; ++round) {
    pthread_t threads[4];
    int i;
    on_a_thread(start_it, (void *)url);
    expect(telemetry != NULL, "mm_init() starts again");
    for (i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, log_much, NULL);
    for (i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
    on_a_thread(end_it, NULL);
    log_much(NULL); /* nobody listens, whose handle is gone */
  }
}

static void nothing(void) {
  expect(mm_init(NULL) == NULL, "NULL is no configuration");
  expect(start("nonsense://x") == NULL, "nonsense is no server");
  expect(start("http://\xff:1") == NULL, "nor is one that is not UTF-8");
  mm_log(NULL, MM_LEVEL_FATAL, "t", "nobody listens");
  mm_metric_f(NULL, "n", "u", 1);
  mm_span_begin(NULL, NULL);
  mm_span_end(NULL);
  mm_flush(NULL);
  expect(mm_flush_wait(NULL, 10) == 0, "without telemetry nothing is flushed");
  expect(mm_set_log_filter(NULL, "info") == 0, "nor filtered");
  {
    MmHandle *handle = start("");
    expect(handle != NULL, "no server is wanted");
    mm_log(handle, MM_LEVEL_FATAL, "t", "nobody listens");
    mm_shutdown(handle);
  }
}

int main(int argc, char **argv) {
  const char *url = argc > 2 ? argv[2] : NULL;
  if (argc < 2) return 2;
  if (strcmp(argv[1], "official") == 0) official(url);
  if (strcmp(argv[1], "no-handle") == 0) no_handle(url);
  if (strcmp(argv[1], "flush") == 0) hand_over(url, 1);
  if (strcmp(argv[1], "flush-without-handle") == 0) hand_over(url, 0);
  if (strcmp(argv[1], "further") == 0) further(url);
  if (strcmp(argv[1], "again") == 0) again(url);
  if (strcmp(argv[1], "nothing") == 0) nothing();
  return failures;
}
