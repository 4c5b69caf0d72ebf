#ifndef FLOOR_SCRIPT_H
#define FLOOR_SCRIPT_H

// One exchange of a conversation. A script is several of them, and one without an `expected` at its end: there all is
// said.
struct exchange {
    // NULL when what is awaited was asked for before.
    const char *command;
    // What the line that ends the reply begins with.
    const char *expected;
    // What the lines before that begin with; NULL when there are none.
    const char *preceding;
};

// NULL when the protocol is unknown.
const struct exchange *find_script(const char *protocol);

#endif
