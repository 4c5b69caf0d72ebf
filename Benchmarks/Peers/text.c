#define _GNU_SOURCE
#include "text.h"

#include <string.h>
#include <strings.h>

struct text next_word(struct text *rest) {
    while (rest->length > 0 && *rest->bytes == ' ') {
        rest->bytes++;
        rest->length--;
    }
    const char *space = rest->length > 0 ? memchr(rest->bytes, ' ', rest->length) : NULL;
    struct text word = {rest->bytes, space ? (size_t)(space - rest->bytes) : rest->length};
    rest->bytes += word.length;
    rest->length -= word.length;
    return word;
}

bool is_word(struct text word, const char *expected) {
    return strlen(expected) == word.length && strncasecmp(word.bytes, expected, word.length) == 0;
}
