#ifndef PEERS_CONTROL_H
#define PEERS_CONTROL_H

// Takes commands from stdin, and ends the program when it ends.
void open_control(void);

// Obeys what has come. Apart from the events, as it may close connections that they are of.
void obey(void);

#endif
