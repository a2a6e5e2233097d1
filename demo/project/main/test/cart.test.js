import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLine, total } from '../src/cart.js';

const empty = { lines: [] };

test('an empty cart costs nothing', () => {
  assert.equal(total(empty), 0);
});

test('a cart costs the sum of its lines', () => {
  const cart = addLine(addLine(empty, 'tea', 450, 2), 'cup', 900);
  assert.equal(total(cart), 1800);
});
