// Ours and the floor, as wasm. The document is copied in, and the JSON is copied out: as bytes,
// since the Worker sends bytes.

export function load(bytes) {
  const { exports: wasm } = new WebAssembly.Instance(new WebAssembly.Module(bytes));

  const copyIn = (document) => {
    // First the room: it may move the memory.
    const place = wasm.input(document.length);
    new Uint8Array(wasm.memory.buffer, place, document.length).set(document);
  };
  return {
    ours(document) {
      copyIn(document);
      const length = wasm.cloud_event();
      return new Uint8Array(wasm.memory.buffer, wasm.output(), length).slice();
    },
    floor(document) {
      copyIn(document);
      return wasm.floor();
    },
  };
}
