/**
 * Where the demo's broker comes from: Java and Maven of this machine, the jars of Apache Kafka from the machine's Maven repository.
 * The jars lie in a cache folder outside of the checkout, so that a second start needs no network. They are fetched into a folder
 * beside it that is renamed when complete: a fetch that was cut off leaves nothing that looks whole.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, RecollectError } from '../errors.js';

const oldestJava = 17;
const mavenTimeoutMs = 600_000;

/** Version of the log binding that Kafka's own log4j asks for; without it the broker is silent. */
const logBindingVersion: Readonly<Record<string, string>> = { '4.1.1': '2.24.3' };

/** The Java to run, by JAVA_HOME or the PATH; null where there is none of version 17 or newer. */
export function findJava(): string | null {
  const home = process.env.JAVA_HOME;
  const places = home === undefined || home === '' ? ['java'] : [join(home, 'bin', 'java'), 'java'];
  return places.find((java) => versionOf(java) >= oldestJava) ?? null;
}

/** `java -version` answers on stderr with a line such as: openjdk version "17.0.15" 2025-04-15 */
function versionOf(java: string): number {
  const { stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}

/** The folder that holds the jars of this version of Kafka; fetched by Maven when it is not there yet. */
export function kafkaJars(version: string, cacheFolder: string): string {
  const folder = join(cacheFolder, `kafka-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder, { recursive: true });
  const work = mkdtempSync(join(cacheFolder, `kafka-${version}-`));
  try {
    const jars = join(work, 'jars');
    fetchJars(version, work, jars);
    putInPlace(jars, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

function fetchJars(version: string, work: string, jars: string): void {
  const pom = join(work, 'pom.xml');
  writeFileSync(pom, project(version));
  const maven = process.platform === 'win32' ? 'mvn.cmd' : 'mvn';
  const { status, error, stdout, stderr } = spawnSync(
    maven,
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`],
    { encoding: 'utf8', timeout: mavenTimeoutMs, shell: process.platform === 'win32' },
  );
  if (codeOf(error) === 'ENOENT') {
    throw new RecollectError(
      'EMBEDDED_SERVICE_FAILED',
      `the jars of Kafka ${version} are not in ${join(work, '..')} and Maven (mvn), which fetches them, is not installed; install it or set KAFKA_BROKERS to a broker of your own`,
    );
  }
  if (status !== 0 || !existsSync(jars) || !readdirSync(jars).includes(`kafka_2.13-${version}.jar`)) {
    const said = error === undefined ? `${stdout}\n${stderr}` : messageOf(error);
    throw new RecollectError(
      'EMBEDDED_SERVICE_FAILED',
      `Maven could not fetch Kafka ${version}: ${said.trim().split('\n').slice(-8).join('\n')}\nSet KAFKA_BROKERS to use a broker of your own.`,
    );
  }
}

/** Another process may have been faster: its folder is as good. */
function putInPlace(jars: string, folder: string): void {
  try {
    renameSync(jars, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

function project(version: string): string {
  const dependency = (group: string, artifact: string, of: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', version)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', logBindingVersion[version] ?? 'LATEST')}
  </dependencies>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.8.1</version>
  </plugin></plugins></build>
</project>
`;
}
