/**
 * A real Apache Kafka for a laptop, the demo and the tests: one node that is broker and controller (KRaft), in a folder.
 *
 * The log stays in the folder: a second start on it serves the same topics, on other ports. The broker is a process of its own that
 * a kill -9 of Node leaves running; the next start on the folder finds it by `kafka.pid` and stops it first.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, RecollectError } from '../errors.js';
import { findJava, kafkaJars } from './kafka-jars.js';
import { noteOwner, refuseServerInUse } from './owner.js';
import { freePort } from './postgres.js';

export interface RunningKafka {
  readonly brokers: string;
  stop(): Promise<void>;
}

/** Ports of this machine that are not to be any free ones. */
export interface KafkaPorts {
  /** of the broker */
  readonly own: number;
  /** a second listener; the broker tells its clients to come to the port `advertised`, where a proxy leads to `behind` */
  readonly proxied?: { readonly behind: number; readonly advertised: number };
}

export const kafkaVersion = '4.1.1';
const startTimeoutMs = 90_000;
const stopTimeoutMs = 20_000;

/** Starts the broker on this folder; `cacheFolder` keeps its jars, see the setting RECOLLECT_CACHE_DIR. */
export async function startKafka(
  folder: string,
  cacheFolder: string = defaultCacheFolder(),
  ports?: KafkaPorts,
): Promise<RunningKafka> {
  const java = findJava();
  if (java === null) {
    throw new RecollectError(
      'EMBEDDED_SERVICE_FAILED',
      'Kafka needs Java 17 or newer, and neither JAVA_HOME nor the PATH has it; install it (Debian: openjdk-17-jre-headless) or set KAFKA_BROKERS to a broker of your own',
    );
  }
  const classPath = join(kafkaJars(kafkaVersion, cacheFolder), '*');
  const home = resolve(folder, 'kafka');
  mkdirSync(home, { recursive: true });
  await stopOrphan(home);
  noteOwner(home);
  const { own: port, proxied } = ports ?? { own: await freePort() };
  writeFileSync(join(home, 'server.properties'), properties(home, await freePort(), port, proxied));
  writeFileSync(join(home, 'log4j2.xml'), logging);
  if (!existsSync(join(home, 'data', 'meta.properties'))) format(java, classPath, home);
  const broker = spawnBroker(java, classPath, home);
  const killWithProcess = (): void => void broker.kill();
  process.once('exit', killWithProcess);
  await untilReady(broker, home);
  return {
    brokers: `127.0.0.1:${port}`,
    stop: async () => {
      process.removeListener('exit', killWithProcess);
      if (broker.pid !== undefined) await end(broker.pid, () => broker.exitCode === null && broker.signalCode === null);
      rmSync(join(home, 'kafka.pid'), { force: true });
    },
  };
}

/** The default of the setting, for callers without settings: the set-up of the tests. */
export function defaultCacheFolder(): string {
  return process.env.RECOLLECT_CACHE_DIR ?? join(homedir(), '.cache', 'recollect');
}

function properties(home: string, controllerPort: number, port: number, proxied: KafkaPorts['proxied']): string {
  const at = (name: string, of: number): string => `${name}://127.0.0.1:${of}`;
  const inner = proxied === undefined ? [] : [at('PROXIED', proxied.behind)];
  const outer = proxied === undefined ? [] : [at('PROXIED', proxied.advertised)];
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=${[at('PLAINTEXT', port), ...inner, at('CONTROLLER', controllerPort)].join()}
advertised.listeners=${[at('PLAINTEXT', port), ...outer].join()}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(home, 'data')}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
`;
}

const logging = `<Configuration>
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %c{1}: %m%n"/></Console></Appenders>
  <Loggers><Root level="warn"><AppenderRef ref="out"/></Root><Logger name="kafka.server.KafkaRaftServer" level="info"/></Loggers>
</Configuration>
`;

function format(java: string, classPath: string, home: string): void {
  const clusterId = `--cluster-id=${randomBytes(16).toString('base64url')}`; // one argument: an id may begin with a dash
  const tool = ['kafka.tools.StorageTool', 'format', clusterId, '--config', join(home, 'server.properties')];
  const { status, error, stdout, stderr } = spawnSync(java, ['-Xmx256m', '-cp', classPath, ...tool], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const said = error === undefined ? `${stdout}\n${stderr}` : messageOf(error);
  throw new RecollectError('EMBEDDED_SERVICE_FAILED', `Kafka could not prepare ${home}: ${said.trim()}`);
}

/** In a process group of its own, so that Ctrl-C in a terminal does not end it before those who use it. */
function spawnBroker(java: string, classPath: string, home: string): ChildProcess {
  const log = openSync(join(home, 'kafka.log'), 'w');
  const memory = ['-Xms256m', '-Xmx512m', '-XX:+UseG1GC', '-XX:+ExitOnOutOfMemoryError'];
  const logFile = `-Dlog4j2.configurationFile=${join(home, 'log4j2.xml')}`;
  const broker = spawn(java, [...memory, logFile, '-cp', classPath, 'kafka.Kafka', join(home, 'server.properties')], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  broker.unref();
  if (broker.pid !== undefined) writeFileSync(join(home, 'kafka.pid'), String(broker.pid));
  return broker;
}

async function untilReady(broker: ChildProcess, home: string): Promise<void> {
  const log = join(home, 'kafka.log');
  const ended: string[] = [];
  broker.once('error', (error) => ended.push(messageOf(error)));
  broker.once('exit', (code, signal) => ended.push(`it ended with ${signal ?? code ?? 'no code'}`));
  const started = Date.now();
  while (!readFileSync(log, 'utf8').includes('Kafka Server started')) {
    await sleep(100);
    if (ended.length === 0 && Date.now() - started > startTimeoutMs) {
      broker.kill('SIGKILL');
      ended.push(`it was not ready after ${startTimeoutMs / 1000} s`);
    }
    if (ended.length > 0) {
      const tail = readFileSync(log, 'utf8').trim().split('\n').slice(-10).join('\n');
      throw new RecollectError('EMBEDDED_SERVICE_FAILED', `Kafka in ${home} did not start: ${ended[0]}\n${tail}`);
    }
  }
}

async function stopOrphan(home: string): Promise<void> {
  const file = join(home, 'kafka.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8'));
  if (Number.isInteger(pid) && pid > 1 && isBrokerOf(pid, home)) refuseServerInUse(home, pid);
  if (Number.isInteger(pid) && pid > 1) await end(pid, () => isBrokerOf(pid, home));
  rmSync(file, { force: true });
}

/** SIGTERM lets the broker close its log; one that does not listen is killed, which its log survives. */
async function end(pid: number, isRunning: () => boolean): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isRunning()) return;
    process.kill(pid, signal);
    for (const sent = Date.now(); isRunning() && Date.now() - sent < stopTimeoutMs;) await sleep(50);
  }
}

/** Guards against a pid that another program got meanwhile. */
function isBrokerOf(pid: number, home: string): boolean {
  const commandLine = existsSync('/proc/self/cmdline')
    ? existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    : spawnSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).stdout;
  return typeof commandLine === 'string' && commandLine.includes('kafka.Kafka') && commandLine.includes(home);
}
