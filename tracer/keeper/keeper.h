// What the halves of a keeper, and its supervisor, agree on.

#include <stdint.h>

// What argv[0] of a keeper begins with. It ends with the keeper's mode.
#define KEEPER_NAME "tiercel: standing in to "
#define KEEPER_KILL "kill"
#define KEEPER_CONTINUE "continue"

// A keeper's descriptors, after the standard ones.
#define KEEPER_SOCKET 3
#define KEEPER_TABLE 4

// What is written into the socket: by the keeper once nobody can take the listener
// from it, and by the supervisor before it ends, or with a line after it.
#define KEEPER_READY 'r'
#define KEEPER_GIVEN 'g' // the listener, with it
#define KEEPER_DISMISSED 'd'
#define KEEPER_END_REST 'k'
#define KEEPER_NOTED 'n'

// How far from the last one that was noted those calls may be that were received and not
// answered: some wait for others, a tenth of a second, one may have come since. Calls are
// numbered as they come.
#define KEEPER_AROUND 16384

// What the process that offers the workload knows of the keeper that made it.
extern int keeper_pid, keeper_listener;
extern int keeper_answers;    // a socket: what is written to it ends the keeper, which closes its end
extern uint64_t keeper_since; // when the supervisor had died, in nanoseconds since the epoch
extern char *keeper_note;     // the supervisor's last, NULL for none
