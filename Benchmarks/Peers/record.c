#define _GNU_SOURCE
#include "record.h"

#include <stdio.h>
#include <stdlib.h>

#include "loop.h"

struct record {
    uint32_t address;
    uint16_t port;
    uint16_t zero;
    uint64_t time;
};
_Static_assert(sizeof(struct record) == 16, "the file has records of 16 bytes");

// Hours of a thousand accepts a second. Allotted at once, as growing would stop the peers for a while: pages of it take
// no memory until they are written to.
static const size_t limit = 16 * 1024 * 1024;

bool is_recording;
static struct record *records_of_accepts;
static size_t record_count;
static FILE *file;

const char *begin_record(const char *path) {
    if (is_recording) return "a record is under way: end it by `record off`";
    if (!records_of_accepts) records_of_accepts = calloc(limit, sizeof *records_of_accepts);
    if (!records_of_accepts) return "no memory for a record: free 256 MiB";
    // Opened now, so that a path that cannot be written to is known before the measurement.
    file = fopen(path, "we");
    if (!file) return "cannot create the file: name one in a directory that exists and may be written to";
    record_count = 0;
    is_recording = true;
    return NULL;
}

void record_accept(uint32_t address, uint16_t port) {
    if (record_count < limit) records_of_accepts[record_count] = (struct record){address, port, 0, now()};
    record_count++;
}

const char *end_record(size_t *count) {
    if (!is_recording) return "no record is under way: begin one by `record FILE`";
    is_recording = false;
    *count = record_count;
    size_t kept = record_count < limit ? record_count : limit;
    size_t written = fwrite(records_of_accepts, sizeof *records_of_accepts, kept, file);
    if (fclose(file) != 0 || written != kept) return "cannot write the record: see whether the file's disk is full";
    return record_count > limit ? "the record is cut short: record for a shorter time" : NULL;
}
