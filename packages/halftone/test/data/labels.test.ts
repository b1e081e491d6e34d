import { describe, expect, it, test } from 'vitest';
import { parseLabels, readLabels } from '../../src/data/labels.ts';
import { listSamples } from '../../src/data/listing.ts';
import { npy, rejection, tempFolder, thrown } from './fixtures.ts';

const { path: root, write } = await tempFolder();
const table = (text: string): [string, number][] => [...parseLabels(text, 'labels.csv')];

describe('labels', () => {
  test.each([
    ['with a header', 'file,label\na.png,3\nb.png,0\n'],
    ['without', 'a.png,3\nb.png,0'],
    ['Windows line ends and spaces', 'file , label\r\n a.png , 3 \r\n\r\n b.png ,0\r\n'],
    ['quotes', '"file","label"\n"a.png","3"\n"b.png",0'],
    ['./ before names', './a.png,3\n./b.png,0'],
  ])('%s', (_, text) => {
    expect(table(text)).toEqual([
      ['a.png', 3],
      ['b.png', 0],
    ]);
  });

  it('takes commas and quotes inside quotes, and backslashes as slashes', () => {
    expect(table('"a, ""b"".png",1\nc\\d.png,2')).toEqual([
      ['a, "b".png', 1],
      ['c/d.png', 2],
    ]);
  });

  test.each([
    ['a file twice', 'a,1\nb,2\na,1', 3],
    ['a label that is no integer', 'a,1\nb,1.5', 2],
    ['a negative label', 'a,1\nb,-1', 2],
    ['a label too many', 'a,1\nb,1,1', 2],
    ['no label', 'a,1\nb', 2],
    ['no file', 'a,1\n,1', 2],
    ['an open quote', 'a,1\n"b,1', 2],
  ])('%s', async (_, text, line) => {
    expect(await thrown(() => table(text), 'HT_DATA_INVALID')).toMatchObject({ path: 'labels.csv', line });
  });

  it('follows the samples and passes over other rows', async () => {
    const path = await write('labels.csv', 'file,label\nc.png,2\nb.png,1\na.png,0\n');
    const ids = ['a.png', 'c.png'];
    expect(await readLabels(path, 2, (i) => ids[i] as string)).toEqual([0, 2]);
    expect(
      await rejection(
        readLabels(path, 1, () => 'd.png'),
        'HT_DATA_INVALID',
      ),
    ).toMatchObject({ path, file: 'd.png' });
  });

  it('reads integers from an NPY file', async () => {
    const path = await write('labels.npy', npy('i8', [2, 1], BigInt64Array.of(4n, 0n)));
    expect(await readLabels(path, 2, String)).toEqual([4, 0]);
    await rejection(readLabels(path, 3, String), 'HT_DATA_INVALID');
    await rejection(
      readLabels(await write('f.npy', npy('f4', [2], Float32Array.of(1, 2))), 2, String),
      'HT_DATA_INVALID',
    );
    await rejection(
      readLabels(await write('n.npy', npy('i1', [2], Int8Array.of(1, -2))), 2, String),
      'HT_DATA_INVALID',
    );
  });
});

describe('listing', () => {
  const wanted = /\.(?:jpe?g|png)$/i;

  it('sorts a flat folder and passes over other files', async () => {
    for (const name of ['flat/b.JPEG', 'flat/a.png', 'flat/B.jpg', 'flat/labels.csv', 'flat/.hidden.png'])
      await write(name, '');
    expect(await listSamples(`${root}/flat`, wanted)).toEqual({
      files: ['B.jpg', 'a.png', 'b.JPEG'],
      classes: undefined,
      labels: undefined,
    });
  });

  it('takes folders as classes by their sorted names, empty ones too', async () => {
    for (const name of [
      'classes/cat/2.png',
      'classes/cat/1.png',
      'classes/ant/x.png',
      'classes/bee/notes.txt',
    ])
      await write(name, '');
    expect(await listSamples(`${root}/classes`, wanted)).toEqual({
      files: ['ant/x.png', 'cat/1.png', 'cat/2.png'],
      classes: ['ant', 'bee', 'cat'],
      labels: [0, 2, 2],
    });
  });

  it('refuses what it would silently leave out', async () => {
    for (const name of ['mixed/a.png', 'mixed/b/c.png', 'deep/a/b/c.png', 'other/a.webp'])
      await write(name, '');
    for (const name of ['mixed', 'deep', 'other'])
      await rejection(listSamples(`${root}/${name}`, wanted), 'HT_DATA_INVALID');
    await rejection(listSamples(`${root}/missing`, wanted), 'HT_FILE');
  });
});
