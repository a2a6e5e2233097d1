/**
 * OpenAPI 3.0 schemas in the words of JSON Schema: `nullable` becomes a type (OpenAPI lets it stand beside `$ref`,
 * `oneOf` and `enum`, where JSON Schema has no such thing), and a boolean `exclusiveMinimum` becomes a number.
 */
export function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (node === null || typeof node !== 'object') return node;
  const converted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    // Examples are data, and large.
    if (key === 'example' || key === 'examples') continue;
    converted[key] = toJsonSchema(value);
  }
  return converted['nullable'] === true ? orNull(converted) : converted;
}

function orNull(schema: Record<string, unknown>): Record<string, unknown> {
  const { nullable: _, ...rest } = schema;
  if (typeof rest['type'] === 'string') {
    const values = rest['enum'];
    const withNull = Array.isArray(values) && !values.includes(null) ? { enum: [...values, null] } : {};
    const plain = { ...rest, ...withNull, type: [rest['type'], 'null'] };
    return 'oneOf' in rest || 'anyOf' in rest || 'allOf' in rest ? { anyOf: [{ type: 'null' }, rest] } : plain;
  }
  return { anyOf: [{ type: 'null' }, rest] };
}
