package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// server is a workload that is a server: it runs in a way, and what asks it, bare.
type server struct {
	name, words string
	wants       []string
	make        func(context.Context, *place) error
	conf        string // of its file NAME.conf: the place's folder is its first argument, the port its second
	args        func(p *place, port string) []string
	ready       func(port string) []string // fails until it answers; nil: once it listens
	pidFile     string                     // within the place; it ends by a signal to the process that this names
	load        func(p *place, port string) []string
	rate        *regexp.Regexp // of what the load prints: how many there were in a second
}

func (s server) workload() workload {
	return workload{name: s.name, words: s.words, wants: s.wants, make: s.make, once: s.once}
}

// once returns the nanoseconds from one answer to the next.
func (s server) once(ctx context.Context, p *place, w way) (took float64, err error) {
	defer sweep()
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	if s.conf != "" {
		if err := write(p.path(s.name+".conf"), fmt.Sprintf(s.conf, p.dir, port)); err != nil {
			return 0, err
		}
	}
	running, err := p.start(ctx, w, job{args: s.args(p, port)})
	if err != nil {
		return 0, err
	}
	if err := s.answers(ctx, port); err != nil {
		_ = running.Process.Kill()
		return 0, errors.Join(err, running.wait())
	}
	took, err = s.ask(ctx, p, port)
	return took, errors.Join(err, end(p.path(s.pidFile)), running.wait())
}

func (s server) ask(ctx context.Context, p *place, port string) (float64, error) {
	args := s.load(p, port)
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("run %s: %w: %s", args[0], err, out)
	}
	found := s.rate.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("run %s: no rate in what it printed: %s", args[0], out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err == nil && rate <= 0 {
		err = fmt.Errorf("run %s: nothing was answered", args[0])
	}
	return 1e9 / rate, err
}

// freePort returns a port of loopback that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// answers waits until it does.
func (s server) answers(ctx context.Context, port string) (err error) {
	for range 600 {
		if err = s.isReady(ctx, port); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("wait for the server: %w", err)
}

func (s server) isReady(ctx context.Context, port string) error {
	if s.ready != nil {
		args := s.ready(port)
		return exec.CommandContext(ctx, args[0], args[1:]...).Run()
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	return conn.Close()
}

// end asks the process that the file names to end.
func end(pidFile string) error {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	if err != nil {
		return fmt.Errorf("read %s: %w", pidFile, err)
	}
	return os.NewSyscallError("kill", unix.Kill(pid, unix.SIGTERM))
}

var redis = server{name: "redis", words: "redis-benchmark, GET, 16 connections",
	wants: []string{"redis-server", "redis-benchmark"}, pidFile: "redis.pid",
	conf: "port %[2]s\nbind 127.0.0.1\nsave \"\"\ndir %[1]s\npidfile %[1]s/redis.pid\n",
	args: func(p *place, _ string) []string { return []string{"redis-server", p.path("redis.conf")} },
	load: func(_ *place, port string) []string {
		return []string{"redis-benchmark", "-p", port, "-t", "get", "-n", "40000", "-c", "16", "--csv"}
	},
	rate: regexp.MustCompile(`"GET","([0-9.]+)"`),
}

var (
	nginx       = nginxWith("nginx", "wrk, a small file, 16 connections that are kept: as nginx comes, which opens the file for each request", "")
	nginxCached = nginxWith("nginx-cache", "the same with open_file_cache: the file stays open", "open_file_cache max=16;")
)

func nginxWith(name, words, option string) server {
	return server{name: name, words: words,
		wants: []string{"nginx", "wrk"}, pidFile: "nginx.pid",
		make: func(_ context.Context, p *place) error { return write(p.path("www", "file"), prose(0, 1000)) },
		conf: strings.Replace(nginxConf, "OPTION", option, 1),
		args: func(p *place, _ string) []string {
			return []string{"nginx", "-e", p.path("nginx.log"), "-c", p.path(name + ".conf")}
		},
		load: func(_ *place, port string) []string {
			return []string{"wrk", "-t1", "-c16", "-d1s", "http://127.0.0.1:" + port + "/file"}
		},
		rate: regexp.MustCompile(`Requests/sec: *([0-9.]+)`),
	}
}

const nginxConf = `daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/nginx.log;
events { worker_connections 64; }
http {
	access_log off;
	OPTION
	keepalive_requests 10000000;
	client_body_temp_path %[1]s/body;
	server { listen 127.0.0.1:%[2]s; root %[1]s/www; }
}
`

var postgres = server{name: "pgbench", words: "pgbench, its own mix on PostgreSQL without fsync, 4 connections",
	wants: []string{"setpriv", "pg_config", "pg_isready", "pgbench"}, pidFile: "postgres/postmaster.pid", make: makeDatabase,
	args: databaseServer, ready: databaseReady,
	load: func(_ *place, port string) []string { return pgbench(port, "-n", "-c", "4", "-T", "2") },
	rate: regexp.MustCompile(`tps = ([0-9.]+)`),
}

const databaseUser = "postgres"

// databaseProgram is one of those that Debian has not in PATH.
func databaseProgram(name string) string {
	out, err := exec.Command("pg_config", "--bindir").Output()
	if err != nil {
		return name // will not be found, which is said then
	}
	return filepath.Join(strings.TrimSpace(string(out)), name)
}

// asPostgres is the command as a user that it agrees to run as: not root.
func asPostgres(program string, args ...string) []string {
	command := append([]string{program}, args...)
	if os.Geteuid() != 0 {
		return command
	}
	return append([]string{"setpriv", "--reuid", databaseUser, "--regid", databaseUser, "--clear-groups"}, command...)
}

func databaseServer(p *place, port string) []string {
	return asPostgres(databaseProgram("postgres"), "-D", p.path("postgres"), "-p", port,
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
}

func databaseReady(port string) []string {
	return []string{"pg_isready", "-q", "-h", "127.0.0.1", "-p", port, "-U", databaseUser}
}

func pgbench(port string, flags ...string) []string {
	return append([]string{"pgbench", "-h", "127.0.0.1", "-p", port, "-U", databaseUser, "-d", "postgres"}, flags...)
}

// makeDatabase makes the tables that pgbench works on.
func makeDatabase(ctx context.Context, p *place) error {
	data := p.path("postgres")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := give(data, databaseUser); err != nil {
			return err
		}
	}
	init := asPostgres(databaseProgram("initdb"), "-D", data, "-U", databaseUser, "-A", "trust", "-N")
	if err := p.run(ctx, way{}, job{args: init, dir: p.dir}); err != nil {
		return err
	}
	fill := server{args: databaseServer, ready: databaseReady, pidFile: "postgres/postmaster.pid", rate: regexp.MustCompile(`done in ([0-9.]+)`),
		load: func(_ *place, port string) []string { return pgbench(port, "-i", "-q", "-s", "5") }}
	_, err := fill.once(ctx, p, way{})
	return err
}

// give makes the user the folder's owner.
func give(folder, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, uidErr := strconv.Atoi(u.Uid)
	gid, gidErr := strconv.Atoi(u.Gid)
	return errors.Join(uidErr, gidErr, os.Chown(folder, uid, gid))
}
