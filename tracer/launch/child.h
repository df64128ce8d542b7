// What the two halves of a launch agree on.

#include <stdint.h>

// argv[0] of the child before it becomes the command, and of the command that does nothing.
#define LAUNCH_CHILD "tiercel: launching"
#define LAUNCH_NOTHING "tiercel: probing"

// The exit statuses of a launcher that could not run its command, as in shells.
#define LAUNCH_FAILED 125
#define LAUNCH_NOT_EXEC 126
#define LAUNCH_NOT_FOUND 127

// What a child says when it runs, and when it hands its listener over. All else is why it gives up.
#define LAUNCH_RUNS 1
#define LAUNCH_LISTENS 2

// What an execve(2) leaves and Go's runtime does not: it sets handlers for signals,
// unblocks those that it wants, and opens standard streams that are closed.
struct launch_inherited {
	uint64_t ignored, blocked; // signals, the lowest bit for signal 1
	uint64_t closed;           // standard streams, the lowest bit for standard input
};

// What opens the gate. Behind it come the instructions of the filter that denies
// calls, those of the other one, and the groups.
struct launch_orders {
	struct launch_inherited inherited;
	uint64_t denied, filter; // instructions
	uint64_t flags;          // that the latter is installed with, seccomp(2)
	uint32_t changes_user, uid, gid, groups;
};

// What this process was started with.
extern struct launch_inherited launch_at_start;
