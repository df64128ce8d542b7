// What a keeper has come to know before its Go runtime starts.

// argv[0] of a keeper.
#define KEEPER_NAME "tiercel: standing in"

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

// The word of a supervisor that says none before its end.
#define KEEPER_DIED 0

extern int keeper_listener, keeper_word; // the latter is what the supervisor said last
extern char *keeper_note;                // NULL for none
