"use strict";
this.lcc = this.lcc || {};
(function (exports) {
    'use strict';
    var _documentCurrentScript = typeof document !== 'undefined' ? document.currentScript : null;
    class LccRuntimeError extends Error {
        constructor(code, message, cause) {
            super(message);
            this.name = 'LccRuntimeError';
            this.code = code;
            if (cause !== undefined)
                this.cause = cause;
        }
    }
    const float32 = {
        dtype: 'float32',
        array: 'Float32Array',
        encode: (values) => values,
        elements: Float32Array,
        decode: (elements) => elements,
    };
    const int64AsInt32 = {
        dtype: 'int64',
        array: 'Int32Array',
        encode: (values) => values,
        elements: Int32Array,
        decode: (elements) => elements,
    };
    function hashBytes(bytes) {
        const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
        const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
        const chains = Int32Array.of(0x6c636377 ^ words.length, 0x31415927);
        for (let start = 0; start < words.length; start += 1024)
            hashPart(words.subarray(start, start + 1024), chains);
        let a = chains[0];
        let b = chains[1];
        a = Math.imul(a ^ (a >>> 16), 0x7feb352d);
        b = Math.imul(b ^ (b >>> 15) ^ a, 0xc2b2ae3d);
        return [(a ^ (a >>> 15)) >>> 0, (b ^ (b >>> 16)) >>> 0];
    }
    function hashPart(words, chains) {
        let a = chains[0];
        let b = chains[1];
        const pairs = words.length & -2;
        for (let i = 0; i < pairs; i += 2) {
            a = Math.imul(a ^ words[i], 0x9e3779b1);
            a ^= a >>> 15;
            b = Math.imul((b + words[i + 1]) | 0, 0x85ebca77);
            b ^= b >>> 14;
        }
        if (pairs < words.length)
            a = Math.imul(a ^ words[pairs], 0x9e3779b1);
        a ^= (b << 16) | (b >>> 16);
        chains[0] = a;
        chains[1] = b + Math.imul(a, 0x27d4eb2f);
    }
    async function openSource(source, signal) {
        let name = "the bundle's files unless told where, load({ weights, wasm })";
        try {
            const found = typeof source === 'function' ? source() : source;
            if (found instanceof ArrayBuffer)
                return new Uint8Array(found);
            if (ArrayBuffer.isView(found))
                return new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
            name = String(found);
            const isFile = /^file:/.test(name);
            if (typeof process === 'object' && process.getBuiltinModule && (isFile || !/^\w\w+:/.test(name))) {
                const bytes = await process.getBuiltinModule('node:fs').promises.readFile(isFile ? new URL(name) : name);
                return bytes;
            }
            const response = await fetch(name, signal ? { signal } : {});
            if (response.ok)
                return response;
            throw `status ${response.status}`;
        }
        catch (cause) {
            throw new LccRuntimeError('fetch', `cannot read ${name}: ${cause}`, cause);
        }
    }
    async function readAll(opened, onProgress) {
        if (opened instanceof Uint8Array)
            return opened;
        if (!opened.body)
            return new Uint8Array(await opened.arrayBuffer());
        const reader = opened.body.getReader();
        const parts = [];
        let size = 0;
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            parts.push(part.value);
            size += part.value.length;
            onProgress === null || onProgress === void 0 ? void 0 : onProgress(size);
        }
        const [only] = parts;
        if (only && parts.length === 1)
            return only;
        const bytes = new Uint8Array(size);
        let end = 0;
        for (const part of parts) {
            bytes.set(part, end);
            end += part.length;
        }
        return bytes;
    }
    async function readWeights(weights, options) {
        var _a;
        const { onProgress } = options;
        const opened = await openSource((_a = options.weights) !== null && _a !== void 0 ? _a : weights.source, options.signal);
        const file = await readAll(opened, onProgress && ((loaded) => onProgress(loaded, weights.bytes)));
        onProgress === null || onProgress === void 0 ? void 0 : onProgress(weights.bytes, weights.bytes);
        return parseWeights(file, weights.hash, weights.decoders);
    }
    function parseWeights(file, expected, decoders) {
        const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
        const word = (at) => view.getUint32(at, true);
        const isHash = ([low, high], at) => low === word(at) && high === word(at + 4);
        const segments = [];
        let sound = false;
        try {
            const root = word(0);
            const field = (id) => root + view.getUint16(root - view.getInt32(root, true) + 4 + 2 * id, true);
            const tableEnd = word(field(0)) - 8;
            if (word(4) === 0x3157434c && isHash(hashBytes(file.subarray(0, tableEnd)), tableEnd)) {
                if (!isHash(expected, tableEnd)) {
                    throw new LccRuntimeError('mismatched', 'the weights file belongs to another build of the model');
                }
                const vectorOf = (id) => field(id) + word(field(id));
                const vector = vectorOf(1);
                const forms = decoders ? vectorOf(5) + 4 : 0;
                for (let i = 0, at = vector + 4; i < word(vector); i++, at += 20) {
                    const decode = decoders === null || decoders === void 0 ? void 0 : decoders[view.getUint8(forms + i)];
                    segments.push({ hashAt: at, start: word(at + 8), size: word(at + 12), address: word(at + 16), decode });
                }
                sound = segments.every(({ start, size }) => start + size <= file.length);
            }
        }
        catch (error) {
            if (!(error instanceof RangeError))
                throw error;
        }
        const requireSound = (isSound) => {
            if (!isSound)
                throw new LccRuntimeError('damaged', 'the weights file is damaged');
        };
        requireSound(sound);
        return (image, hash) => {
            for (const { hashAt, start, size, address, decode } of segments) {
                const bytes = file.subarray(start, start + size);
                image.set(bytes, address);
                requireSound(isHash(hash ? hash(address, size) : hashBytes(bytes), hashAt));
                decode === null || decode === void 0 ? void 0 : decode(bytes, new Float32Array(image.buffer, image.byteOffset + address));
            }
        };
    }
    const makeLoad = (description) => async (options = {}) => {
        const { signal } = options;
        try {
            const model = (signal === null || signal === void 0 ? void 0 : signal.aborted) ? undefined : await open(description, options);
            if (model && !(signal === null || signal === void 0 ? void 0 : signal.aborted))
                return model;
            model === null || model === void 0 ? void 0 : model.dispose();
        }
        catch (error) {
            if (!(signal === null || signal === void 0 ? void 0 : signal.aborted))
                throw error;
        }
        throw new LccRuntimeError('aborted', 'load was aborted', signal === null || signal === void 0 ? void 0 : signal.reason);
    };
    async function open(description, options) {
        var _a;
        const { inputs, outputs, webgpu, wasm } = description;
        const wanted = (_a = options.backend) !== null && _a !== void 0 ? _a : 'auto';
        const mayFallBack = wanted === 'auto' && wasm !== undefined;
        let backend = 'wasm';
        let current;
        let constants;
        let lost;
        let replacing;
        let disposed = false;
        const start = async (name) => {
            const openBackend = name === 'webgpu' ? webgpu : name === 'wasm' ? wasm : undefined;
            if (!openBackend)
                throw new LccRuntimeError('unsupported', `this bundle has no backend "${name}"`);
            constants !== null && constants !== void 0 ? constants : (constants = readWeights(description.weights, options));
            constants.catch(() => { });
            const onLost = (reason) => {
                lost = reason;
            };
            const opened = await openBackend({ options, forced: !mayFallBack, constants, onLost });
            constants = undefined;
            current === null || current === void 0 ? void 0 : current.dispose();
            current = opened;
            backend = name;
        };
        const startWasm = (reason) => {
            var _a;
            (_a = options.onFallback) === null || _a === void 0 ? void 0 : _a.call(options, reason);
            return start('wasm');
        };
        const first = wanted !== 'auto' ? wanted : webgpu && (!wasm) ? 'webgpu' : 'wasm';
        await start(first).catch((error) => {
            if (!mayFallBack || first === 'wasm')
                throw error;
            return startWasm(error.message);
        });
        const runOnce = async (elements, read) => {
            if (lost !== undefined && mayFallBack && backend === 'webgpu') {
                replacing !== null && replacing !== void 0 ? replacing : (replacing = startWasm(lost).finally(() => {
                    replacing = undefined;
                }));
                await replacing;
            }
            if (disposed || !current)
                throw new LccRuntimeError('disposed', 'this model was disposed');
            return current.run(elements, read);
        };
        const portOf = ({ name, codec, shape }) => ({ name, dtype: codec.dtype, shape });
        return {
            get backend() {
                return backend;
            },
            inputs: inputs.map(portOf),
            outputs: outputs.map(portOf),
            async run(feeds = {}, results = {}) {
                const elements = encodeFeeds(inputs, feeds, backend === 'webgpu');
                const given = findArrays('output', outputs, results);
                const found = {};
                const read = (i, memory, offset, bytes) => {
                    const { name, codec } = outputs[i];
                    found[name] = store(codec, new codec.elements(memory, offset, bytes / 4), given[i]);
                };
                await runOnce(elements, read).catch((error) => {
                    if (lost === undefined || !mayFallBack || disposed)
                        throw error;
                    return runOnce(elements, read);
                });
                return found;
            },
            dispose() {
                disposed = true;
                current === null || current === void 0 ? void 0 : current.dispose();
                current = undefined;
            },
        };
    }
    function store(codec, elements, target) {
        const values = codec.decode(elements);
        if (!target)
            return values === elements ? elements.slice() : values;
        target.set(values);
        return target;
    }
    function encodeFeeds(ports, feeds, copies) {
        const found = findArrays('input', ports, feeds);
        return ports.map(({ name, codec }, i) => {
            const feed = found[i];
            if (!feed)
                throw new LccRuntimeError('name', `input "${name}" is missing`);
            const elements = codec.encode(feed);
            return copies && elements === feed ? feed.slice() : elements;
        });
    }
    function findArrays(kind, ports, arrays) {
        const given = Object.keys(arrays);
        const unknown = given.find((name) => !ports.some((port) => port.name === name));
        if (unknown !== undefined) {
            const names = ports.map((port) => `"${port.name}"`).join(', ');
            throw new LccRuntimeError('name', `no ${kind} is named "${unknown}"; the ${kind}s are: ${names}`);
        }
        return ports.map(({ name, codec, shape }) => {
            const array = given.includes(name) ? arrays[name] : undefined;
            if (!array)
                return undefined;
            const size = shape.reduce((product, n) => product * n, 1);
            const found = Object.prototype.toString.call(array).slice(8, -1);
            if (found !== codec.array) {
                throw new LccRuntimeError('dtype', `${kind} "${name}" (${codec.dtype}) takes a ${codec.array}, not ${found}`);
            }
            if (array.length !== size) {
                throw new LccRuntimeError('length', `${kind} "${name}" [${shape}] takes ${size} elements, not ${array.length}`);
            }
            return array;
        });
    }
    const wasmBackend = (description) => async ({ options, constants }) => runExports(await instantiate(description, options), description, constants);
    async function runExports({ memory, run, hash, hashHigh }, { constantBytes, inputs: addresses, outputs }, constants) {
        const bytes = new Uint8Array(memory.buffer);
        (await constants)(bytes.subarray(0, constantBytes), (address, size) => [
            hash(address, size >> 2) >>> 0,
            hashHigh() >>> 0,
        ]);
        return {
            async run(inputs, read) {
                inputs.forEach((input, i) => {
                    bytes.set(new Uint8Array(input.buffer, input.byteOffset, input.byteLength), addresses[i]);
                });
                run();
                outputs.forEach(([address, size], i) => {
                    read(i, memory.buffer, address, size);
                });
            },
            dispose() { },
        };
    }
    const asExports = ({ exports: { memory, run, hash, hashHigh } }) => ({
        memory: memory,
        run: run,
        hash: hash,
        hashHigh: hashHigh,
    });
    async function instantiate({ modules }, options) {
        var _a, _b;
        try {
            const source = (_a = options.wasm) !== null && _a !== void 0 ? _a : (_b = modules.find((m) => !m.isSupported || m.isSupported())) === null || _b === void 0 ? void 0 : _b.source;
            if (!source)
                throw 'no module of this bundle is supported';
            const module = await compile(source, options.signal);
            return asExports(await WebAssembly.instantiate(module));
        }
        catch (cause) {
            if (cause instanceof LccRuntimeError)
                throw cause;
            throw new LccRuntimeError('unsupported', `wasm does not start here: ${cause}`, cause);
        }
    }
    async function compile(source, signal) {
        var _a;
        if (source instanceof WebAssembly.Module)
            return source;
        const opened = await openSource(source, signal);
        const streams = 'headers' in opened && /^application\/wasm/.test((_a = opened.headers.get('content-type')) !== null && _a !== void 0 ? _a : '');
        if (streams && WebAssembly.compileStreaming)
            return WebAssembly.compileStreaming(opened);
        return WebAssembly.compile(await readAll(opened));
    }
    const load = makeLoad({
        inputs: [{ name: 'input.1', codec: float32, shape: [1, 2, 6, 6] }],
        outputs: [{ name: '7', codec: float32, shape: [1, 3] }, { name: 'best class', codec: int64AsInt32, shape: [1] }],
        weights: {
            source: () => new URL('./model.lcw', (_documentCurrentScript && _documentCurrentScript.tagName.toUpperCase() === 'SCRIPT' && _documentCurrentScript.src || new URL('index.js', document.baseURI).href)),
            bytes: 800,
            hash: [3474051952, 3431882259]
        },
        prefersWebGpu: false,
        wasm: wasmBackend({
            modules: [{ source: () => new URL('./model.wasm', (_documentCurrentScript && _documentCurrentScript.tagName.toUpperCase() === 'SCRIPT' && _documentCurrentScript.src || new URL('index.js', document.baseURI).href)) }],
            constantBytes: 640,
            inputs: [1152],
            outputs: [[640, 12], [704, 4]]
        })
    });
    exports.LccRuntimeError = LccRuntimeError;
    exports.load = load;
})(this.lcc.conv = this.lcc.conv || {});
