#!/bin/bash
# Node: worker threads, child processes, files watched, signals, a cluster
# needs: node
# limit: 120
set -eu
cat >main.js <<'END'
const { Worker } = require('worker_threads'), child = require('child_process'), fs = require('fs'), cluster = require('cluster');
const print = (...words) => fs.writeSync(1, words.join(' ') + '\n');

async function workers() {
  const work = 'const fs = require("fs"); let n = 0; for (let i = 0; i < 300; i++) n += fs.readFileSync("/etc/hostname").length > 0; require("worker_threads").parentPort.postMessage(n)';
  const done = await Promise.all([...Array(8)].map(() => new Promise((yes, no) => new Worker(work, { eval: true }).on('message', yes).on('error', no))));
  print('workers', done);
}

async function children() {
  const results = await Promise.all([...Array(20).keys()].map(i => new Promise(yes => child.exec(`cat >/dev/null </etc/hostname; exit ${i}`, e => yes(e ? e.code : 0)))));
  print('children', results);
  print('sync', child.spawnSync('sh', ['-c', 'echo out; echo err >&2; kill -9 $$']).signal, child.execFileSync('echo', ['here']).toString().trim());
  const timed = await new Promise(yes => child.execFile('sleep', ['30'], { timeout: 300 }, e => yes(e)));
  print('timeout', timed.killed, timed.signal);
  const talk = child.fork(__filename, ['child']);
  print('message', await new Promise(yes => talk.on('message', yes)), await new Promise(yes => talk.on('exit', (code, signal) => yes(code + ' ' + signal))));
  const missing = await new Promise(yes => child.spawn('/no/such/program').on('error', e => yes(e.code)));
  print('missing', missing);
}

async function watched() {
  const seen = new Promise(yes => { const w = fs.watch('.', (kind, name) => { if (name === 'new') { w.close(); yes(name); } }); });
  fs.writeFileSync('new', '');
  print('watched', await seen);
}

async function signals() {
  const got = new Promise(yes => process.once('SIGUSR2', yes));
  process.kill(process.pid, 'SIGUSR2');
  print('signal', await got);
  const p = child.spawn('sh', ['-c', 'trap "exit 9" TERM; echo ready; while :; do sleep 0.05; done']);
  await new Promise(yes => p.stdout.once('data', yes));
  p.kill('SIGTERM');
  print('term', await new Promise(yes => p.on('close', code => yes(code))));
}

async function clustered() {
  cluster.setupPrimary({ exec: __filename, args: ['served'] });
  const ends = await Promise.all([...Array(4)].map(() => new Promise(yes => cluster.fork().on('exit', code => yes(code)))));
  print('cluster', ends);
}

async function main() {
  for (const part of [workers, children, watched, signals, clustered]) await part();
}

if (process.argv[2] === 'child') process.send('hello', () => process.exit(5));
else if (process.argv[2] === 'served') require('net').createServer().listen(process.cwd() + '/socket', () => process.exit(0));
else main();
END
node main.js
