// Reads a waveform from standard input with BBC's own library, and prints what it finds as JSON.

const WaveformData = require("waveform-data");
const { readFileSync } = require("node:fs");

const bytes = readFileSync(0);
const wave = WaveformData.create(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
const channel = wave.channel(0);
console.log(
  JSON.stringify({
    bits: wave.bits,
    channels: wave.channels,
    rate: wave.sample_rate,
    window: wave.scale,
    lows: channel.min_array(),
    highs: channel.max_array(),
  }),
);
