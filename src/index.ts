// wasm-ipsec: the default entry, for Node and browsers.
// The declarations name Symbol.dispose, which a project below "lib": ["ESNext"] does not know.
/// <reference lib="esnext.disposable" preserve="true" />
import "./wasm/inlined.js";

export * from "./surface.js";
