// The WebAssembly memories of this isolate. This is imported before the module that makes them.

/** Those made so far; a memory never shrinks, so that its size is its peak. */
export const memories = [];

const { Instance } = WebAssembly;

WebAssembly.Instance = class extends Instance {
  constructor(module, imports) {
    super(module, imports);
    memories.push(this.exports.memory);
  }
};
