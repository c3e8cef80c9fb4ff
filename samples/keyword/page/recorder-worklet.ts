/** What TypeScript's DOM library lacks of the AudioWorkletGlobalScope. */
declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Hands the first channel to the page, in blocks of about 50 ms. */
class Recorder extends AudioWorkletProcessor {
  readonly #block = new Float32Array(2048);
  #length = 0;

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    const heard = input?.[0] ?? new Float32Array();
    this.#block.set(heard, this.#length);
    this.#length += heard.length;
    if (this.#length === this.#block.length) {
      this.port.postMessage(this.#block.slice());
      this.#length = 0;
    }
    return true;
  }
}

registerProcessor('recorder', Recorder);
