/* Copyright 2026 The micromegas-cpp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Telemetry from C, and from whatever can call C:
 *
 *   MmConfig config = {"http://127.0.0.1:8081", NULL, NULL, 0};
 *   MmHandle *telemetry = mm_init(&config);
 *   mm_log(telemetry, MM_LEVEL_INFO, "importer", "started");
 *   mm_metric_f(telemetry, "load_time", "ms", 12.5);
 *   mm_shutdown(telemetry);
 *
 * The first six functions are those of the official client's C library, by name, signature and
 * meaning: a program that was built for it finds them here.
 *
 * Any thread, any time; without a running telemetry nothing is recorded. Not from signal handlers.
 * There is one telemetry in a process. With the handle NULL, which mm_init() gives when it fails,
 * all functions but mm_flush() do nothing and return 0: whoever got none records nothing, also
 * where the telemetry of somebody else runs. With one that has been ended nothing is recorded until
 * the next mm_init(). Strings end with NUL and are copied; bytes that are not UTF-8 arrive as
 * U+FFFD; a text is cut at 58 KiB, a name, target or unit at 1 KiB. Nothing is kept for a name that
 * was once used: there may be many.
 *
 * docs/c-api.md
 */
#ifndef MICROMEGAS_H
#define MICROMEGAS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define MM_API
#else
#define MM_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MM_LEVEL_FATAL 1
#define MM_LEVEL_ERROR 2
#define MM_LEVEL_WARN 3
#define MM_LEVEL_INFO 4
#define MM_LEVEL_DEBUG 5
#define MM_LEVEL_TRACE 6

/* Everything else is in the environment: the credentials, and what docs/operations.md lists. */
typedef struct MmConfig {
  const char* sink_url; /* NULL: MICROMEGAS_TELEMETRY_URL; "": nothing is uploaded */
  /* Properties of the process, two parallel arrays. A pair with a NULL or an empty key is left out,
   * one whose key begins with "micromegas." too, with a line on stderr. */
  const char** property_keys;
  const char** property_values;
  unsigned int property_count;
} MmConfig;

typedef struct MmHandle MmHandle;

/* NULL, and a line on stderr that says why, if a value cannot be used or telemetry runs already;
 * NULL for NULL. Nothing is shown on the console. After mm_shutdown() again is fine. */
MM_API MmHandle* mm_init(const MmConfig* config);

/* Sends what is there, 5 s at most, and ends telemetry; the handle is gone. NULL: nothing. */
MM_API void mm_shutdown(MmHandle* handle);

/* `level`: MM_LEVEL_...; any other number is trace. `target`: NULL is "capi". No `message`:
 * nothing. Filtered by level and target, as logs from C++ are. */
MM_API void mm_log(MmHandle* handle, int level, const char* target, const char* message);

/* Without a name nothing; without a unit "". Of the target "capi". */
MM_API void mm_metric_i(MmHandle* handle, const char* name, const char* unit, uint64_t value);
MM_API void mm_metric_f(MmHandle* handle, const char* name, const char* unit, double value);

/* Hands everything recorded so far to the upload; waits 1 s at most, not for the server. Whatever
 * the handle, also NULL. */
MM_API void mm_flush(MmHandle* handle);

/* --- What the official library does not have ---------------------------------------------------
 */

typedef struct MmProperty {
  const char* name;
  const char* value; /* NULL is "" */
} MmProperty;

/* With properties: at most 64, of names that are not empty, not longer than 256 bytes and not read
 * by the server as something else (level and target of a log; target, name and unit of a metric);
 * others are left out and counted. `properties` may be NULL; of a count past 4096, which nobody can
 * mean, none is read. */
MM_API void mm_log_p(MmHandle* handle, int level, const char* target, const char* message,
                     const MmProperty* properties, size_t property_count);
MM_API void mm_metric_i_p(MmHandle* handle, const char* name, const char* unit, uint64_t value,
                          const MmProperty* properties, size_t property_count);
MM_API void mm_metric_f_p(MmHandle* handle, const char* name, const char* unit, double value,
                          const MmProperty* properties, size_t property_count);

/* Spans of the calling thread; they nest. An end without a begin is ignored, and counted. NULL: "".
 */
MM_API void mm_span_begin(MmHandle* handle, const char* name);
MM_API void mm_span_end(MmHandle* handle);
MM_API void mm_span_end_p(MmHandle* handle, const MmProperty* properties, size_t property_count);

/* A span that may end on another thread. The begin gives its id, not 0 and unique in the process,
 * for its end and for its children; the end says again what the begin said. `parent`: 0 for a root.
 * `depth`: 0 for a root, one more than the parent's. A second end, and that of what has not begun,
 * is ignored, and counted. At most 65,536 may be open at once. */
MM_API uint64_t mm_async_span_begin(MmHandle* handle, const char* name, uint64_t parent,
                                    uint32_t depth);
MM_API void mm_async_span_end(MmHandle* handle, uint64_t span, const char* name, uint64_t parent,
                              uint32_t depth, const MmProperty* properties, size_t property_count);

/* Waits until the server has everything recorded before the call. 1: it has; 0: not within
 * `timeout_ms`, or something was lost. */
MM_API int mm_flush_wait(MmHandle* handle, uint32_t timeout_ms);

/* "info,net=debug", as MICROMEGAS_LOG; NULL or "": the default. 1: done; 0, and a line on stderr:
 * it cannot be read, or telemetry is not running. */
MM_API int mm_set_log_filter(MmHandle* handle, const char* filter);

/* The calling thread's name, in the system and on its spans; before the first of them. */
MM_API void mm_set_thread_name(MmHandle* handle, const char* name);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* MICROMEGAS_H */
