import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLoader, loaderFor, localDiskScript, ramdiskScript, waitScript } from './index.ts';

const boot = {
  kernelUrl: 'http://10.0.0.1/boot/ipxe/52-54-00-00-00-01/kernel',
  initrdUrl: 'http://10.0.0.1/boot/ipxe/52-54-00-00-00-01/initrd',
  ticketUrl: 'http://10.0.0.1/boot/ipxe/52-54-00-00-00-01/ticket',
  commandLine: 'console=ttyS0 quiet',
};

describe('loaders', () => {
  test.each([
    [undefined, 'undionly.kpxe'],
    [0, 'undionly.kpxe'],
    [7, 'snponly.efi'],
    [9, 'snponly.efi'],
    [16, 'snponly.efi'],
  ])('architecture %s gets %s', (architecture, loader) => {
    expect(loaderFor(architecture)).toEqual({ loader });
    expect(isLoader(loader)).toBe(true);
  });

  test.each([6, 11, 37, 65535])('architecture %d gets none, with the reason', (architecture) => {
    expect(loaderFor(architecture)).toEqual({ reason: expect.stringContaining(String(architecture)) });
  });

  test('nothing else is a loader', () => {
    expect(isLoader('')).toBe(false);
    expect(isLoader('../snponly.efi')).toBe(false);
  });
});

describe('scripts', () => {
  test('the ticket stands first among the names the UEFI stub opens, and is fetched last', () => {
    const lines = ramdiskScript(boot).split('\n');
    expect(lines[0]).toBe('#!ipxe');
    const kernel = lines.findIndex((line) => line.startsWith('kernel '));
    expect(lines[kernel]).toContain(`${boot.kernelUrl} initrd=ticket initrd=ramdisk console=ttyS0 quiet ||`);
    expect(lines[kernel + 2]).toBe(`initrd --name ticket ${boot.ticketUrl} || goto failed`);
  });

  test('no command line adds a line or a command: it stands as it is, or is refused', () => {
    const pieces = fc.constantFrom(
      '\n',
      '\r',
      '\0',
      ' ',
      '||',
      '&&',
      '#',
      '${',
      '$',
      '{',
      'a',
      '=',
      ';',
      'é',
      '\u2028',
    );
    const lines = ramdiskScript({ ...boot, commandLine: 'x' }).split('\n');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const commandLine = parts.join('');
        let rendered: string;
        try {
          rendered = ramdiskScript({ ...boot, commandLine });
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-input', field: 'commandLine' });
          return;
        }
        const now = rendered.split('\n');
        expect(now.length).toBe(lines.length);
        expect(now.filter((line, index) => line !== lines[index]).length).toBeLessThanOrEqual(1);
        const words = (now.find((line) => line.startsWith('kernel ')) ?? '').split(/\s+/);
        expect(words.filter((word) => ['||', '&&'].includes(word) || word.startsWith('#'))).toEqual(['||']);
      }),
    );
  });

  test.each([
    ['a\nsanboot', 'commandLine'],
    ['x && reboot', 'commandLine'],
    ['url=${next-server}', 'commandLine'],
    ['a'.repeat(2048), 'commandLine'],
  ])('%j is refused', (commandLine, field) => {
    expect(() => ramdiskScript({ ...boot, commandLine })).toThrow(expect.objectContaining({ field }));
  });

  test('a URL that is none is refused', () => {
    expect(() => ramdiskScript({ ...boot, kernelUrl: 'http://a b' })).toThrow(
      expect.objectContaining({ field: 'kernelUrl' }),
    );
    expect(() => waitScript('ftp://x', 5)).toThrow(expect.objectContaining({ field: 'scriptUrl' }));
    expect(() => waitScript('http://x', 0)).toThrow(expect.objectContaining({ field: 'seconds' }));
  });

  test('a BIOS starts the disk itself, any other platform leaves iPXE', () => {
    expect(localDiskScript().split('\n').slice(1, 3)).toEqual([
      'iseq ${platform} pcbios || goto leave',
      'sanboot --no-describe --drive 0x80 || goto leave',
    ]);
  });

  test('waiting asks the same URL again', () => {
    expect(waitScript('http://10.0.0.1/s', 7)).toMatch(
      /sleep 7\nchain --replace --autofree http:\/\/10.0.0.1\/s \|\| goto again/,
    );
  });
});
