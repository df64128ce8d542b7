/* threads N CALLS LATER: says what its parent's memory is before, with, and after
   N threads that have each opened a file; what a call costs meanwhile; and what the
   memory is after so many threads more, one after the other. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"

static pthread_barrier_t all, over;

static void call(void)
{
	if (open("/nowhere/at/all", O_RDONLY) >= 0)
		abort();
}

static void *idle(void *arg)
{
	call();
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&over);
	return arg;
}

static void *once(void *arg)
{
	call();
	return arg;
}

static void make(pthread_t *t, void *(*f)(void *))
{
	pthread_attr_t a;
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 64 << 10);
	if (pthread_create(t, &a, f, NULL)) {
		perror("create thread");
		exit(1);
	}
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	long n = atol(argv[1]), calls = atol(argv[2]), later = atol(argv[3]);
	pthread_t *threads = calloc(n + 1, sizeof *threads);
	pthread_barrier_init(&all, NULL, n + 1);
	pthread_barrier_init(&over, NULL, n + 1);
	call();
	long before = memory();
	for (long i = 0; i < n; i++)
		make(&threads[i], idle);
	pthread_barrier_wait(&all);
	long with = memory();
	double start = now();
	for (long i = 0; i < calls; i++)
		call();
	double each = calls ? (now() - start) / calls : 0;
	pthread_barrier_wait(&over);
	for (long i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	long after = memory();
	start = now();
	for (long i = 0; i < later; i++) {
		make(&threads[0], once);
		pthread_join(threads[0], NULL);
	}
	printf("{\"before\":%ld,\"with\":%ld,\"after\":%ld,\"later\":%ld,\"call\":%.1f,\"thread\":%.1f}\n", before, with, after, memory(), each, later ? (now() - start) / later : 0);
	return argc != 4;
}
