/** What the kernels use of WebAssembly; TypeScript declares it only together with a browser's DOM. */
declare namespace WebAssembly {
  const Module: new (bytes: Uint8Array) => object;
  class Memory {
    constructor(size: { readonly initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: object, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function validate(bytes: Uint8Array): boolean;
}
