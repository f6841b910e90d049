import { rmSync } from 'node:fs';

export default async function servicesDown() {
  await globalThis.recollectServices.stop();
  rmSync(globalThis.recollectServices.folder, { recursive: true, force: true });
}
