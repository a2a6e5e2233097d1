import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLine, total, withDiscount } from '../src/cart.js';
import { percentOff } from '../src/discount.js';

test('ten percent off twenty euros leaves eighteen euros', () => {
  assert.equal(percentOff(2000, 10), 1800);
});

test('a discounted cart is rounded once, not once a line', () => {
  let cart = { lines: [] };
  for (const name of ['pen', 'ink', 'pad']) cart = addLine(cart, name, 335);
  assert.equal(total(withDiscount(cart, 10)), 905);
});
