/* SPDX-License-Identifier: GPL-2.0 OR MIT
 *
 * What the programs share with the reader: the maps, the settings, and what is
 * asked of a row.
 */
#pragma once

#define ROWS 512	 /* room for rows of the event table */
#define CALLS 1024	 /* room for the kernel's numbers of calls, by each entry */
#define OPERATIONS 64	 /* kinds of io_uring's */
#define PARAMS 8
#define CLAUSES 8
#define CONDITIONS 4
#define MAX_SIZE 32768	 /* of a record (event.MaxSize) */
#define MAX_STRING 4096	 /* of a part that is read from a workload (event.MaxString) */
#define NONE 0xff	 /* no such parameter */
#define DIGITS 20	 /* of a 64-bit number */
#define HELD_SIZE 1900	 /* of what waits for a call's end */
#define PREFIX_SIZE 64	 /* of a path's start that is looked up */
#define HIERARCHIES 32	 /* of control groups */
#define NAME_SIZE 60	 /* of a path's last element that is looked up */

/* bounded masks an index where the verifier sees it: the compiler, which knows
 * that it is in bounds already, would leave that out. */
#define bounded(index, mask)                    \
	({                                      \
		__u64 bound = (index);          \
		asm volatile("" : "+r"(bound)); \
		bound & (mask);                 \
	})

#define OFFSET (2 * MAX_STRING - 1) /* mask of an offset in a part under construction */

/* Parts of a record (event.Part). */
enum part {
	BASE = 16,
	FACT_OBJECT = 32,
	FACT_SOCKET,
	FACT_CWD,
	FACT_EXE,
	FACT_NAME,
	FACT_ARGS,
	FACT_ENV,
	FACT_GROUP,
	FACT_STATE,
	FACT_STDIO,
	FACT_USAGE,
	FACT_LIMITS,
	FACT_INODE,
	FACT_DESCRIPTORS,
	FACT_SPACES,
	FACT_FOLDER,
};

#define CUT 1	     /* flags of a part */
#define UNREADABLE 2

#define COMPLETE 1   /* flags of a record */
#define COMPAT 2

/* What of the workload's memory a parameter is. */
enum kind { REGISTER, WORD, STRING, STRINGS, SOCKADDR, MSGNAME };

/* Effects of a row (event.Effect). */
#define OPENS_FD (1 << 0)
#define EXECUTES (1 << 1)
#define SPAWNS (1 << 2)
#define SETS_IDS (1 << 4)
#define SETS_JOB (1 << 5)
#define SETS_NAME (1 << 6)

/* What a call changes of what is read for it. */
enum { BASE_MOVES = 1, DESCRIPTOR_ENDS };

struct param {
	__u8 kind;
	__u8 arg;   /* WORD: the argument that points to the struct */
	__u8 index; /* WORD: which of its words */
	__u8 path;  /* it is a path, so that a relative one starts from somewhere */
	__u8 dir;   /* the argument that says from where, or NONE: the working directory */
};

struct condition {
	__u64 mask, value;
	__u8 arg; /* 6: the result */
	__u8 not;
};

struct clause {
	struct condition all[CONDITIONS];
	__u8 n;
	__u8 path;
};

/* A row as the rules want it (event.RowNeed). */
struct row {
	__u64 facts;
	__u16 effect;
	__u8 match;    /* a rule can match its events */
	__u8 state;    /* its calls change what rules read of a process */
	__u8 at_entry; /* its event is complete at the entry */
	__u8 held;     /* its record is begun at the entry, as the call changes what is read for it */
	__u8 valuable; /* it may take the last of the ring */
	__u8 connects; /* what it has begun goes on even if a signal's handler never lets it end */
	__u8 fd;       /* the parameter that is the event's descriptor, or NONE */
	__u8 path;     /* the parameter that clauses ask for, or NONE */
	__u8 params;
	__u8 clauses;
	struct param param[PARAMS];
	struct clause clause[CLAUSES];
};

/* What the record is of; of a process's first image after that of its coming. */
enum { CALL_ENDS, CALL_BEGINS, IMAGE, FIRST_IMAGE, OPERATION_BEGINS, OPERATION_ENDS };

/* A record under construction, of the call at hand. */
struct scratch {
	__u32 n; /* bytes so far */
	__u32 row;
	__u32 compat;
	__u32 matches;
	__u32 base_held; /* what paths start from was read before */
	__u32 index; /* of the row */
	__u32 phase;
	__u32 last; /* where a path's last element starts; this and the next stand here as the verifier would follow each value of a variable */
	__u32 first; /* of the digits of a number */
	__u32 at;   /* where the path starts that is being built in path, from its end */
	__s64 ret;
	__u64 args[8]; /* six, and what keeps an index in bounds */
	__u8 buf[MAX_SIZE + 2 * MAX_STRING + 64]; /* with room to read past the end before that is known */
	__u8 path[MAX_STRING + 512];
	__u8 digits[32];
	__u64 groups[HIERARCHIES]; /* a process's control groups */
};

/* What the reader sets, and what it is told. */
__u64 watched[CALLS / 64]; /* numbers with a row, by either entry */
__u64 early[CALLS / 64];   /* of these, those that are looked at when they begin */
__u32 generation;	   /* which half of rows and calls counts */
__u64 epoch;		   /* nanoseconds since 1970 at the machine's start, now */
__u64 boot;		   /* the same when the probe was loaded: processes' starts are told by it */
__u64 process_facts;	   /* to read of each new image */
__u32 info_row, spawn_row, exec_row, execveat_row, exit_row;
__u32 stopped;		   /* nothing is watched any more */
__u32 scoped;		   /* only what comes of the probe's own process is watched, not the machine */
__u64 shed_above;	   /* bytes in the ring from which on only valuable rows are taken */
__s64 alive, born;	   /* scoped: processes that live, and that came to be */
__u64 losses;		   /* events that were lost or shed, of all rows */
__u64 changes_lost;	   /* of these, those that changed a process: while there are none, nobody looks for untold ones */

__u64 registers_at;	   /* where the registers of a call stand in a task's stack: known once a call was interrupted */

__u16 operation_rows[OPERATIONS]; /* rows of the calls that operations of io_uring are like, plus one */

/* The probe's own place: how deep its PID namespace is, and its root. */
__u32 own_level, own_tgid;
__u64 own_namespace, own_root, own_root_mount;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * ROWS);
	__type(key, __u32);
	__type(value, struct row);
} rows SEC(".maps");

/* The row of a call by generation, entry and number, plus one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4 * CALLS);
	__type(key, __u32);
	__type(value, __u16);
} calls SEC(".maps");

/* One for each processor: tracepoints run with preemption off, and never one in another. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* The one program that writes records, which the others go on with, so that the
 * kernel has to verify all that it calls just once; and what the program at the
 * end of all calls goes on with, so that it is short. */
enum { WRITE, CALL_ENDED };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} further SEC(".maps");

struct tally {
	__u64 seen, filtered;
	__u64 lost, shed; /* lost for want of room in the ring; shed, so that there is room for others */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, ROWS);
	__type(key, __u32);
	__type(value, struct tally);
} tallies SEC(".maps");

struct held {
	__u32 n;
	__u32 index; /* of the row */
	__u8 buf[HELD_SIZE];
};

/* Parts that wait for their calls' end, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct held);
} holds SEC(".maps");

/* Processes, by their first threads' numbers, of which a change was lost: before
 * the next event of theirs is told, they are told of anew. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} untold SEC(".maps");

/* Ends of processes that were lost, by the first threads' numbers: the reader tells of them. */
struct ending {
	__s32 pid;
	__s32 status;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ending);
} untold_ends SEC(".maps");

/* Processes that have just ended: the last threads of one, on several
 * processors, may each think that they are the last. */
struct life {
	__u64 start;
	__u64 tgid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct life);
	__type(value, __u8);
} ended SEC(".maps");

/* Records of operations of io_uring that are under way, by request. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct held);
} operations SEC(".maps");

/* The numbers of calls that a thread was interrupted in and that the kernel will go on with by restart_syscall(2). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} restarts SEC(".maps");

/* How far a process of the scope has come: its images to come before it is watched. */
enum { WATCHED = 1, STARTS, LAUNCHES };

struct member {
	__u32 state;
	__s32 pid; /* as the probe's PID namespace has it */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct member);
} scope SEC(".maps");

/* Starts of paths that a row's rules ask for; a whole path ends with a NUL. */
struct prefix {
	__u32 bits;
	__u32 row;
	__u8 text[PREFIX_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u8);
} prefixes SEC(".maps");

struct name {
	__u32 row;
	__u8 text[NAME_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct name);
	__type(value, __u8);
} names SEC(".maps");

/* How lines of /proc/PID/cgroup begin, by hierarchy. */
struct hierarchy {
	__u32 n;
	char text[60];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HIERARCHIES);
	__type(key, __u32);
	__type(value, struct hierarchy);
} hierarchies SEC(".maps");
