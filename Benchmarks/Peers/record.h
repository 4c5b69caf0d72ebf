#ifndef PEERS_RECORD_H
#define PEERS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A record of who was connected to when, in memory until it is ended.
extern bool is_recording;

// NULL, or what is wrong.
const char *begin_record(const char *path);
void record_accept(uint32_t address, uint16_t port);
// Writes the record to the path it was begun with; NULL, or what is wrong.
const char *end_record(size_t *count);

#endif
