import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isHalftoneError } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import {
  decodeTensor,
  encodeTensor,
  loadOnnx,
  parseOnnx,
  readModel,
  serializeOnnx,
  tensorProtoName,
  writeModel,
} from '../src/index.ts';

const assets = process.env['HALFTONE_ASSETS'];

describe.skipIf(assets === undefined)('every file of HALFTONE_ASSETS', () => {
  const names = assets === undefined ? [] : readdirSync(assets, { recursive: true }).map(String);
  const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(assets ?? '', name)));

  test('models are written as they were read: untouched, by message, and field by field', () => {
    const models = names.filter((name) => name.endsWith('.onnx'));
    expect(models.length).toBeGreaterThan(50);
    for (const name of models) {
      const bytes = read(name);
      const model = readModel(bytes);
      expect([name, Buffer.compare(writeModel(model), bytes)]).toEqual([name, 0]);
      expect([name, Buffer.compare(writeModel({ ...model, graph: { ...model.graph } }), bytes)]).toEqual([
        name,
        0,
      ]);
      const graph = parseOnnx(bytes);
      const own = model.opsetImport?.find(({ domain }) => (domain ?? '') === '')?.version ?? 0;
      if (own >= 13) expect([name, Buffer.compare(serializeOnnx(graph), bytes)]).toEqual([name, 0]);
      else expect([name, readModel(serializeOnnx(graph)).opsetImport?.[0]?.version]).toEqual([name, 13]);
    }
  });

  test('models have their weights', async () => {
    for (const name of names.filter((entry) => entry.startsWith('models') && entry.endsWith('.onnx'))) {
      const graph = await loadOnnx(join(assets ?? '', name));
      expect([basename(name), graph.nodes.filter((node) => node.opaque).map((node) => node.op)]).toEqual([
        basename(name),
        [],
      ]);
      for (const constant of graph.constants.values())
        expect(constant.tensor().data.byteLength).toBe(constant.byteLength);
    }
  });

  test('tensor files are read and written again', () => {
    let count = 0;
    for (const name of names.filter((entry) => entry.endsWith('.pb'))) {
      const bytes = read(name);
      try {
        const tensor = decodeTensor(bytes);
        expect(decodeTensor(encodeTensor(tensor, tensorProtoName(bytes)))).toEqual(tensor);
        count += 1;
      } catch (error) {
        // of an element type that core does not hold
        if (!isHalftoneError(error, 'HT_UNSUPPORTED')) throw error;
      }
    }
    expect(count).toBeGreaterThan(150);
  });
});
