import { expect, test } from 'vitest';
import { Slots } from '../../../src/server/inspection/slots.ts';

test('so many run at once, so many wait in order, and one more is told to come later', async () => {
  const slots = new Slots(2, 2);
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const task = (n: number): Promise<number> =>
    slots.run(() => {
      started.push(n);
      return new Promise<number>((resolve) => finish.push(() => resolve(n)));
    });
  const tasks = [task(1), task(2), task(3), task(4)];
  await expect(task(5)).rejects.toMatchObject({ kind: 'unavailable', code: 'inspection-busy' });
  expect(started).toEqual([1, 2]);
  finish[1]?.();
  expect(await tasks[1]).toBe(2);
  await expect.poll(() => started).toEqual([1, 2, 3]);
  finish[0]?.();
  finish[2]?.();
  await expect.poll(() => started).toEqual([1, 2, 3, 4]);
  finish[3]?.();
  expect(await Promise.all(tasks)).toEqual([1, 2, 3, 4]);
});

test('a task that fails makes room', async () => {
  const slots = new Slots(1, 0);
  await expect(slots.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(() => Promise.resolve('yes'))).toBe('yes');
});
